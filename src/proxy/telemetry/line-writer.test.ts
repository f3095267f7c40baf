import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLineWriter } from "./line-writer.ts";

const root = mkdtempSync(join(tmpdir(), "weft-log-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const file = () => join(mkdtempSync(join(root, "each-")), "access.log");

test("lines arrive in order and are all there after a flush", async () => {
  const path = file();
  await using writer = openLineWriter({ path, batchBytes: 1000 });
  let expected = "";
  for (let i = 0; i < 5_000; i++) {
    writer.write(`line ${i}\n`);
    expected += `line ${i}\n`;
  }
  await writer.flush();
  expect(readFileSync(path, "utf8")).toBe(expected);
  expect(writer.droppedLines).toBe(0);
});

test("after a rotation, a reopened writer continues in the new file", async () => {
  const path = file();
  await using writer = openLineWriter({ path });
  writer.write("before\n");
  await writer.flush();
  renameSync(path, `${path}.1`);
  writer.reopen();
  writer.write("after\n");
  await writer.flush();
  expect(readFileSync(`${path}.1`, "utf8")).toBe("before\n");
  expect(readFileSync(path, "utf8")).toBe("after\n");
});

test("what a full buffer cannot hold is dropped and counted", async () => {
  const path = file();
  await using writer = openLineWriter({ path, batchBytes: 1 << 20, pendingBytesMax: 100_000 });
  const line = `${"x".repeat(59_999)}\n`;
  writer.write(line);
  writer.write(line);
  expect(writer.droppedLines).toBe(1);
  await writer.flush();
  expect(readFileSync(path, "utf8")).toBe(line);
});
