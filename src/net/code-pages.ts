// The pages of the program and its libraries that this process has mapped. The program is 107 MB long and starting
// touches a third of it (parsers, compilers), of which serving needs a third again. Such pages are the page cache's: to
// unmap them gives nothing away, and what is needed again is mapped again at a microsecond for each 64 KB.
import { readFileSync } from "node:fs";
import { libc } from "./libc.ts";

const MADV_DONTNEED = 4;
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) ([-r])-([-x])p \S+ \S+ [1-9]\d* +\//;
const UNCHANGED = /^Anonymous: +0 kB$/;

/** `RssFile` of proc(5), in octets; 0 where that cannot be read. */
export function residentFileBytes(): number {
  const text = readProc("status");
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1_024;
}

/** Unmaps the pages of read-only files. Does nothing where it cannot. Returns how much fewer octets are mapped. */
export function unmapCodePages(): number {
  if (process.platform !== "linux") return 0;
  const before = residentFileBytes();
  for (const { start, end } of codeMappings(readProc("smaps")))
    libc().madvise(start, end - start, MADV_DONTNEED);
  return before - residentFileBytes();
}

export interface Mapping {
  readonly start: number;
  readonly end: number;
}

/**
 * The private read-only mappings of files of which this process has changed nothing: the relocated part of a library is
 * read-only too, and its changes would be lost.
 */
export function codeMappings(smaps: string): readonly Mapping[] {
  const found: Mapping[] = [];
  let current: Mapping | undefined;
  for (const line of smaps.split("\n")) {
    const head = /^[0-9a-f]+-[0-9a-f]+ /.test(line);
    if (head) current = readMapping(line);
    else if (current !== undefined && UNCHANGED.test(line)) found.push(current);
  }
  return found;
}

function readMapping(line: string): Mapping | undefined {
  const [, start, end] = MAPPING.exec(line) ?? [];
  if (start === undefined || end === undefined) return undefined;
  return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
}

function readProc(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, "utf8");
  } catch {
    return ""; // another system, or hidden
  }
}
