import { processStart } from "./supervise/process-start.ts";

export interface LeftAlone {
  readonly pid: number;
  /** proc(5), starttime: the number may be another process's by now. */
  readonly startedAt: string;
}

export interface EndOptions {
  /** SIGTERM now, SIGKILL after the deadline. False: another process does that, and only the end is awaited. */
  readonly signals: boolean;
  readonly deadlineMs: number;
}

/**
 * Ends an application whose `weft run` was killed: nobody would start its proxy again, so it would be cut off from the mesh
 * without a word. Resolves when it is gone.
 */
export async function endApplication(
  { pid, startedAt }: LeftAlone,
  { signals, deadlineMs }: EndOptions,
): Promise<void> {
  const isThere = () => processStart(pid) === startedAt;
  if (signals && isThere()) process.kill(pid, "SIGTERM");
  for (let waitedMs = 0; isThere(); waitedMs += POLL_MS) {
    if (waitedMs >= deadlineMs && signals) process.kill(pid, "SIGKILL");
    if (waitedMs >= deadlineMs) return;
    await Bun.sleep(POLL_MS);
  }
}

const POLL_MS = 50;
