import { realpathSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** How a person who is in this folder calls Weft: from a clone by its path, else by its name. */
export function ownWord(folder: string): string {
  try {
    const isHere = realpathSync(join(folder, "weft")) === realpathSync(join(root, "weft"));
    return isHere ? "./weft" : "weft";
  } catch {
    return "weft";
  }
}

/** The beginning of a command to paste, for a control plane that may run from a directory of its own. */
export function commandToPaste(command: string, dataDir: string, usualDataDir: string): string {
  const at = dataDir === usualDataDir ? "" : ` --data-dir ${dataDir}`;
  return `${ownWord(process.cwd())} ${command}${at}`;
}
