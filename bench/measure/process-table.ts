import { readdirSync, readFileSync } from "node:fs";

/** A running process as `/proc` tells it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments. */
  readonly command: readonly string[];
}

/** The process and everything below it, itself first. Empty when it is gone. */
export function processTree(root: number): readonly ProcessRow[] {
  const rows = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readRow(Number(name)));
  const found = rows.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...rows.filter(({ parent }) => parent === pid));
  return found;
}

/** None when the process ended meanwhile. */
function readRow(pid: number): readonly ProcessRow[] {
  try {
    const parent = Number(statFields(pid)[1]);
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    return [{ pid, parent, command }];
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return [];
    throw cause;
  }
}

/** The fields of `/proc/<pid>/stat` after the program's name, which may hold anything: state, parent, … (proc(5)). */
export function statFields(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
