import type { Lab, LabProcess } from "./lab.ts";

export interface WaitOptions {
  readonly lab: Lab;
  /** Whose end makes waiting pointless. */
  readonly watched: readonly LabProcess[];
  /** What is awaited, for the message. */
  readonly what: string;
  /** Default 30 s. */
  readonly deadlineMs?: number;
}

/** Looks again every 20 ms until it holds; a look that throws counts as not yet. */
export async function until(
  { lab, watched, what, deadlineMs = 30_000 }: WaitOptions,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    lab.signal.throwIfAborted();
    try {
      if (await holds()) return;
    } catch (cause) {
      last = cause;
    }
    const dead = watched.find((process) => process.hasEnded());
    if (dead) throw new Error(`${what}: ${dead.name} ended\n${dead.lastWords()}`);
    if (performance.now() > deadline) throw new Error(lateWords(what, watched), { cause: last });
    await Bun.sleep(20);
  }
}

function lateWords(what: string, watched: readonly LabProcess[]): string {
  const words = watched.map((process) => `${process.name}: ${process.lastWords()}`);
  return [`${what}: not within the deadline`, ...words].join("\n");
}

/** Until a GET of `/` on that loopback port gives 200 with a body of this length. */
export async function untilServes(
  options: Omit<WaitOptions, "what">,
  { port, bodyBytes }: { readonly port: number; readonly bodyBytes: number },
): Promise<void> {
  const what = `waiting for 200 on port ${port}`;
  await until({ ...options, what }, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { keepalive: false });
    const { byteLength } = await response.arrayBuffer();
    if (response.status === 200 && byteLength === bodyBytes) return true;
    throw new Error(`status ${response.status}, ${byteLength} bytes`);
  });
}
