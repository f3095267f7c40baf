import { expect, test } from "bun:test";
import { codeMappings, residentFileBytes, unmapCodePages } from "./code-pages.ts";

const smaps = (head: string, anonymousKb: number) =>
  `${head}\nSize: 64 kB\nRss: 64 kB\nAnonymous:         ${anonymousKb} kB\nVmFlags: rd mr\n`;

test("only unchanged, private, read-only mappings of files are code", () => {
  const text =
    smaps("00200000-00201000 r--p 00000000 fe:00 5309202      /usr/bin/program", 0) +
    smaps("00201000-00202000 r-xp 01838000 fe:00 5309202      /usr/bin/program", 0) +
    smaps("00202000-00203000 r--p 01838000 fe:00 5309202      /usr/lib/relocated.so", 4) +
    smaps("00203000-00204000 rw-p 06641000 fe:00 5309202      /usr/bin/program", 0) +
    smaps("00204000-00205000 r--s 06641000 fe:00 5309202      /shared", 0) +
    smaps("00205000-00206000 r-xp 00000000 00:00 0            [vdso]", 0) +
    smaps("00206000-00207000 r-xp 00000000 00:00 0 ", 0);
  expect(codeMappings(text)).toEqual([
    { start: 0x200000, end: 0x201000 },
    { start: 0x201000, end: 0x202000 },
  ]);
});

test("a process goes on with a fraction of its code mapped, time after time", () => {
  const before = residentFileBytes();
  expect(before).toBeGreaterThan(15e6);
  for (let i = 0; i < 3; i++) {
    unmapCodePages();
    expect(residentFileBytes()).toBeLessThan(before / 2);
    expect(JSON.parse(JSON.stringify({ a: [i, /x/.source] }))).toEqual({ a: [i, "x"] });
  }
});
