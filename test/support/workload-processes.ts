import { readFileSync } from "node:fs";
import type { Spawned } from "./spawn-weft.ts";

/** The running proxy of a `weft run`; undefined in the moment between two. */
export function proxyOf(workload: Spawned): number | undefined {
  return workload.processes().find((pid) => commandOf(pid).includes(" proxy --bootstrap "));
}

/** All processes of its proxy, when several are one. */
export function proxiesOf(workload: Spawned): readonly number[] {
  return workload.processes().filter((pid) => commandOf(pid).includes(" proxy --bootstrap "));
}

/** The application that a `weft run` started: its child that is neither itself nor a proxy. */
export function applicationOf(workload: Spawned): number | undefined {
  return workload
    .processes()
    .find((pid) => pid !== workload.pid && !commandOf(pid).includes(" proxy --bootstrap "));
}

/** Words with one space between, and one at the end; empty when it has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
