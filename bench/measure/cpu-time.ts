import { statFields } from "./process-table.ts";

/** Linux counts in hundredths of a second towards programs, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;
const UTIME = 11;
const STIME = 12;

/** User and system time of these processes so far, in microseconds. Throws when one of them is gone. */
export function cpuTimeUs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    ticks += Number(fields[UTIME]) + Number(fields[STIME]);
  }
  return (ticks * 1e6) / TICKS_PER_SECOND;
}
