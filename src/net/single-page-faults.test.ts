import { read } from "bun:ffi";
import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { libc } from "./libc.ts";
import { type Mapping, mapSinglePages } from "./single-page-faults.ts";

const PAGE_BYTES = 4_096;
const PAGES_AROUND = 16;
const PROT_READ = 1;
const MAP_PRIVATE = 2;
const FILE_BYTES = 2 ** 20;

/** A file that is read (so its pages are in memory), and mapped. */
async function mappedFile(): Promise<Mapping & AsyncDisposable> {
  const folder = await tempDir();
  const path = join(folder.path, "file");
  writeFileSync(path, Buffer.alloc(FILE_BYTES, 7));
  const fd = openSync(path, "r");
  const start = Number(libc().mmap(0, FILE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0));
  closeSync(fd);
  return {
    start,
    end: start + FILE_BYTES,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function mappedPages({ start }: Mapping): number {
  const smaps = readFileSync("/proc/self/smaps", "utf8");
  const at = smaps.indexOf(`\n${start.toString(16).padStart(8, "0")}-`);
  const [, kb] = /^Rss: +(\d+) kB$/m.exec(smaps.slice(at)) ?? [];
  return (Number(kb) * 1_024) / PAGE_BYTES;
}

/** One octet of one page in each of the blocks that the kernel would map whole. */
function touchEachBlock({ start, end }: Mapping): number {
  let sum = 0;
  for (let at = start; at < end; at += PAGE_BYTES * PAGES_AROUND) sum += read.u8(at as never);
  return sum;
}

test("only pages that are used are mapped, where the kernel can do that", async () => {
  await using usual = await mappedFile();
  await using single = await mappedFile();
  const isSingle = mapSinglePages([single]);
  const blocks = FILE_BYTES / PAGE_BYTES / PAGES_AROUND;
  expect(touchEachBlock(usual)).toBe(7 * blocks);
  expect(touchEachBlock(single)).toBe(7 * blocks);
  expect(mappedPages(usual)).toBeGreaterThan(4 * blocks);
  if (isSingle) expect(mappedPages(single)).toBe(blocks);
  else expect(mappedPages(single)).toBe(mappedPages(usual));
});
