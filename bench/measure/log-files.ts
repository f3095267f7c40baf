import { existsSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

/** Octets in the access logs below the folders, those that were emptied since included where the writer does not append. */
export function logBytes(folders: readonly string[]): number {
  return folders.flatMap(logFiles).reduce((total, file) => total + statSync(file).size, 0);
}

/** Gives the disk back. A writer that appends goes on at the beginning; HAProxy, which does not, behind a hole. */
export function emptyLogs(folders: readonly string[]): void {
  for (const file of folders.flatMap(logFiles)) truncateSync(file);
}

function logFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return Array.from(new Glob("**/*access.log").scanSync(folder), (file) => join(folder, file));
}
