import type { ProxySession } from "../sessions/proxy-sessions.ts";
import type { ChangeLog, Convergence } from "./convergence.ts";
import type { AppliedObject, LiveWorld } from "./live-world.ts";
import type { Signal } from "./signal.ts";

export interface WaitOptions {
  readonly objects: readonly AppliedObject[];
  readonly world: Pick<LiveWorld<unknown>, "numberOf">;
  readonly changes: ChangeLog;
  readonly sessions: () => readonly ProxySession[];
  readonly progress: Signal;
  /** Aborted when the caller is gone or has waited long enough. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when every proxy that these generations affect has acknowledged them, one has rejected them, or the signal
 * is aborted; the result says which.
 */
export async function waitForObjects(options: WaitOptions): Promise<Convergence> {
  const { signal, progress } = options;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for (;;) {
    const state = look(options);
    if (state.done || state.rejections.length > 0 || signal.aborted) return state;
    await Promise.race([progress.next(), aborted]);
  }
}

function look({ objects, world, changes, sessions }: WaitOptions): Convergence {
  const numbers = objects.map((object) => world.numberOf(object));
  const known = numbers.filter((number) => number !== undefined);
  const state = changes.convergence(known, sessions());
  return { ...state, done: state.done && known.length === numbers.length };
}
