import type { ProxySession } from "../sessions/proxy-sessions.ts";
import type { Signal } from "./signal.ts";

export interface ForgottenOptions {
  /** The world still has an entry for the workload that will go. */
  readonly isRegistered: () => boolean;
  /** It has a stream (another one): nothing will go. */
  readonly isPresent: () => boolean;
  readonly sessions: () => readonly ProxySession[];
  readonly progress: Signal;
  readonly timeoutMs: number;
}

/**
 * Resolves when a workload that leaves is in no proxy's configuration any more: its entry is gone, and every proxy has
 * acknowledged what that changed. Proxies that refuse or do not answer do not hold it up for longer than `timeoutMs`.
 */
export async function waitUntilForgotten(options: ForgottenOptions): Promise<void> {
  const { isRegistered, isPresent, sessions, progress, timeoutMs } = options;
  const isForgotten = () => isPresent() || (!isRegistered() && sessions().every(isUpToDate));
  const { promise: tooLate, resolve } = Promise.withResolvers<"too late">();
  const timer = setTimeout(() => resolve("too late"), timeoutMs);
  await Promise.resolve(); // the stream that says so is closed in this turn
  while (!isForgotten()) if ((await Promise.race([progress.next(), tooLate])) === "too late") break;
  clearTimeout(timer);
}

const isUpToDate = ({ syncedThrough, changedAt, nacked }: ProxySession): boolean =>
  syncedThrough >= changedAt || nacked !== undefined;
