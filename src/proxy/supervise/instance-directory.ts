import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processStart } from "./process-start.ts";

/** The directory that one running instance of a workload has to itself, and the name that comes with it. */
export interface InstanceDirectory extends Disposable {
  /** `<name>-<n>`: unique among the instances that run from this data directory. */
  readonly instance: string;
  readonly path: string;
}

const maxInstances = 1_000;

/**
 * Claims the first free `<parent>/<name>-<n>`. Started again in the same order, instances get their old directories,
 * and with them their ports and last good configuration. Throws when a thousand are taken.
 */
export function claimInstanceDirectory(parent: string, name: string): InstanceDirectory {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (let n = 1; n <= maxInstances; n++) {
    const instance = `${name}-${n}`;
    const path = join(parent, instance);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = join(path, "owner");
    if (!claim(lock)) continue;
    return { instance, path, [Symbol.dispose]: () => rmSync(lock, { force: true }) };
  }
  throw new Error(`${maxInstances} instances of ${name} already run from ${parent}`);
}

function claim(lock: string): boolean {
  const mine = processMark(process.pid);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lock, mine, { flag: "wx", mode: 0o600 });
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    }
    if (isHeld(lock)) return false;
    rmSync(lock, { force: true }); // its owner was killed
  }
  return false;
}

function isHeld(lock: string): boolean {
  try {
    const mark = readFileSync(lock, "utf8");
    const pid = Number(mark.split(" ")[0]);
    return mark !== "" && processStart(pid) !== undefined && processMark(pid) === mark;
  } catch {
    return false; // given back in this moment, or its owner is gone
  }
}

/** `<pid> <start time>`: a number that was given to another process since does not count as alive. */
const processMark = (pid: number): string => `${pid} ${processStart(pid)}`;
