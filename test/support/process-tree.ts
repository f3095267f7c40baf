import { readdirSync, readFileSync } from "node:fs";

/** Every descendant inherits it, so that a child whose parent died first is still found. */
export const TREE_VARIABLE = "WEFT_TEST_TREE";

/** The processes that carry the mark and still run (a zombie does not). Linux only. */
export function processesOfTree(mark: string): readonly number[] {
  const wanted = `${TREE_VARIABLE}=${mark}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProc(pid, "environ").split("\0").includes(wanted))
    .filter((pid) => !/^State:\s+[ZX]/m.test(readProc(pid, "status")))
    .map(Number);
}

/**
 * Whether a process has closed its files and sockets: it is gone, or a zombie. A dying process loses its environment before
 * its sockets, so `processesOfTree` alone does not tell.
 */
export function hasEnded(pid: number): boolean {
  const status = readProc(`${pid}`, "status");
  return status === "" || /^State:\s+[ZX]/m.test(status);
}

/** Ends every process of the tree; those that appear meanwhile too. */
export function killTree(mark: string): void {
  for (let left = processesOfTree(mark); left.length > 0; left = processesOfTree(mark))
    for (const pid of left) signalProcess(pid, "SIGKILL");
}

/** False when the process is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

/** Empty when the process ended meanwhile or belongs to another user. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
