import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore, failsWith, key, take, widget } from "../contract.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open-sqlite-store.ts";

const root = mkdtempSync(join(tmpdir(), "weft-store-"));
let folders = 0;
let file = "";
beforeEach(() => {
  file = join(root, String(folders++), "state.db");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeStore("sqlite store", (options) =>
  openSqliteStore({ ...options, file: join(root, String(folders++), "state.db") }),
);

async function fill(store: Store, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await store.create(key(`w${i}`), widget(key(`w${i}`), i));
}

describe("a file that was closed and opened again", () => {
  test("holds the same objects, versions and history", async () => {
    const first = openSqliteStore({ file });
    await fill(first, 3);
    await first.delete(key("w1"));
    const before = await first.list("widgets.test");
    await first[Symbol.asyncDispose]();

    await using second = openSqliteStore({ file });
    expect(await second.list("widgets.test")).toEqual(before);
    using watch = second.watch({ kind: "widgets.test", after: "2" });
    const events = await take(watch.events, 2);
    expect(events.map(({ kind, object }) => [kind, object?.metadata.name])).toEqual([
      ["added", "w2"],
      ["deleted", "w1"],
    ]);
    const created = await second.create(key("next"), widget(key("next")));
    expect(Number(created.metadata.resourceVersion)).toBe(Number(before.resourceVersion) + 1);
  });

  test("remembers what was compacted away", async () => {
    const first = openSqliteStore({ file, keepChanges: 4 });
    await fill(first, 20);
    await first[Symbol.asyncDispose]();
    await using second = openSqliteStore({ file, keepChanges: 4 });
    using watch = second.watch({ kind: "widgets.test", after: "3" });
    await failsWith("gone", () => take(watch.events, 1));
    expect((await second.list("widgets.test")).items).toHaveLength(20);
  });
});

test("only the owner may read the file and its folder", async () => {
  await using store = openSqliteStore({ file });
  await fill(store, 1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
  expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
});

test("a second process is refused while the first holds the file", async () => {
  await using store = openSqliteStore({ file });
  await fill(store, 1);
  const script = `
    const { openSqliteStore } = await import(${JSON.stringify(join(import.meta.dir, "open-sqlite-store.ts"))});
    try { openSqliteStore({ file: ${JSON.stringify(file)} }); console.log("opened"); }
    catch (error) { console.log(error.code); }`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  expect((await new Response(child.stdout).text()).trim()).toBe("locked");
});

test("a full disk refuses the write with a clear error, and room again takes the next", async () => {
  const store = openSqliteStore({ file, maxPages: 20 });
  const big = { ...widget(key("big")), spec: { filler: "x".repeat(200_000) } };
  await store.create(key("small"), widget(key("small")));
  await failsWith("full", () => store.create(key("big"), big));
  expect(await store.get(key("big"))).toBeUndefined();
  await store.create(key("small-2"), widget(key("small-2")));
  await store[Symbol.asyncDispose]();
  await using again = openSqliteStore({ file });
  expect((await again.list("widgets.test")).items).toHaveLength(2);
});

describe("damage is noticed at open", () => {
  test("in a file that is not a store", async () => {
    await openSqliteStore({ file })[Symbol.asyncDispose]();
    writeFileSync(file, "hello, this is a text file that somebody put here\n".repeat(200));
    await failsWith("corrupt", () => openSqliteStore({ file }));
  });

  test("in a file that lost its end", async () => {
    const store = openSqliteStore({ file });
    await fill(store, 200);
    await store[Symbol.asyncDispose]();
    truncateSync(file, statSync(file).size - 8192);
    await failsWith("corrupt", () => openSqliteStore({ file }));
  });

  test("wherever one bit flips in what the store has written", async () => {
    const store = openSqliteStore({ file });
    await fill(store, 60);
    const before = await store.list("widgets.test");
    await store[Symbol.asyncDispose]();
    const good = readFileSync(file);
    const outcomes = { refused: 0, harmless: 0 };
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(good);
      const at = (i * 7919) % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (i % 8)), at);
      writeFileSync(file, bytes);
      try {
        await using opened = openSqliteStore({ file });
        // Unused bytes of a page and counters that SQLite keeps for itself may differ; the objects may not.
        expect(await opened.list("widgets.test")).toEqual(before);
        outcomes.harmless++;
      } catch (error) {
        expect(error).toHaveProperty("code", "corrupt");
        outcomes.refused++;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(100);
  });

  test("in the write-ahead log of a process that was killed", async () => {
    await using store = openSqliteStore({ file });
    await fill(store, 20);
    const copy = `${file}-copy`;
    copyFileSync(file, copy);
    const log = readFileSync(`${file}-wal`);
    writeFileSync(`${copy}-wal`, log);
    const whole = openSqliteStore({ file: copy });
    expect((await whole.list("widgets.test")).items).toHaveLength(20);
    await whole[Symbol.asyncDispose]();

    copyFileSync(file, copy);
    log.writeUInt8(log.readUInt8(log.length >> 1) ^ 4, log.length >> 1);
    writeFileSync(`${copy}-wal`, log);
    await failsWith("corrupt", () => openSqliteStore({ file: copy }));
    expect(readFileSync(`${copy}-wal`).equals(log)).toBe(true);
  });
});

test("writes that come together wait for the disk together", async () => {
  await using store = openSqliteStore({ file });
  await fill(store, 1);
  const before = statSync(`${file}-wal`).size;
  await store.create(key("alone"), widget(key("alone")));
  const one = statSync(`${file}-wal`).size - before;
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => store.create(key(`t${i}`), widget(key(`t${i}`)))),
  );
  const fifty = statSync(`${file}-wal`).size - before - one;
  expect(fifty).toBeLessThan(10 * one);
});
