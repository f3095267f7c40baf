import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "./open-sqlite-store.ts";

const root = mkdtempSync(join(tmpdir(), "weft-kill-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ROUNDS = 30;

/** Writes without end and says each write only once the store has acknowledged it. */
const WRITER = `
  const [, , round, file] = process.argv;
  const { openSqliteStore } = await import(${JSON.stringify(join(import.meta.dir, "open-sqlite-store.ts"))});
  const { writeSync } = await import("node:fs");
  const store = openSqliteStore({ file, keepChanges: 50 });
  async function lane(lane) {
    for (let i = 0; ; i++) {
      const name = "r" + round + "-" + lane + "-" + i;
      const key = { kind: "widgets.test", namespace: "shop", name };
      const metadata = { name, namespace: "shop" };
      const body = { apiVersion: "test/v1", kind: "Widget", metadata, spec: { i, filler: "x".repeat(i * 37 % 3000) } };
      const created = await store.create(key, body);
      writeSync(1, "+" + name + "\\n");
      if (i % 3 === 0) {
        writeSync(1, "?" + name + "\\n");
        await store.delete(key, created.metadata.resourceVersion);
        writeSync(1, "-" + name + "\\n");
      }
    }
  }
  await Promise.all([lane("a"), lane("b"), lane("c")]);
`;

async function writeUntilKilled(file: string, round: number, lines: number): Promise<string[]> {
  const command = [process.execPath, "-e", WRITER, "writer", String(round), file];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  }
  await child.exited;
  return text.split("\n").slice(0, -1);
}

test("no acknowledged write is lost when the process is killed in mid-write", async () => {
  const file = join(root, "state.db");
  const expected = new Set<string>();
  const unsure = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const said = await writeUntilKilled(file, round, 20 + ((round * 61) % 400));
    for (const line of said) {
      const name = line.slice(1);
      if (line.startsWith("+")) expected.add(name);
      else if (line.startsWith("?")) unsure.add(name);
      else {
        expected.delete(name);
        unsure.delete(name);
      }
    }
    await using store = openSqliteStore({ file });
    const held = new Set(
      (await store.list("widgets.test")).items.map((item) => item.metadata.name),
    );
    expect([...expected].filter((name) => !held.has(name) && !unsure.has(name))).toEqual([]);
    // What was neither acknowledged nor asked for may not appear; what was in flight may: three lanes, so up to three.
    const surplus = [...held].filter((name) => !expected.has(name));
    expect(surplus.length).toBeLessThanOrEqual(3);
    for (const name of surplus) expected.add(name);
    for (const name of unsure) if (!held.has(name)) expected.delete(name);
    unsure.clear();
  }
  expect(expected.size).toBeGreaterThan(ROUNDS);
}, 60_000);
