import { readFileSync } from "node:fs";

/** Where the two versions of control groups say what this process may have. */
const FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** The smaller of what was set and what the control group allows; 0 for no limit stays that. */
export function memoryLimit(limitBytes: number, files: readonly string[] = FILES): number {
  if (limitBytes === 0) return 0;
  return Math.min(limitBytes, ...files.map(allowedBytes));
}

/** Infinity where there is no such file, or it names no number. */
function allowedBytes(file: string): number {
  try {
    const bytes = Number(readFileSync(file, "latin1").trim());
    return bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY; // no control group, or none that may be read
  }
}
