import { readFileSync } from "node:fs";

/** When a process started, in the kernel's count: with its number it names one process for ever. Undefined: there is none. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : rest[18]; // proc(5): field 22, starttime
  } catch {
    return undefined;
  }
}
