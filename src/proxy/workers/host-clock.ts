import { readFileSync } from "node:fs";
import type { Clock } from "#core/clock.ts";

/** Milliseconds since this host started: the same in all its processes, to a few hundredths of a second. */
export function hostClock(clock: Clock): () => number {
  const [uptime = "0"] = readFileSync("/proc/uptime", "utf8").split(" ");
  const offsetMs = Number(uptime) * 1_000 - clock.monotonicMs();
  return () => clock.monotonicMs() + offsetMs;
}
