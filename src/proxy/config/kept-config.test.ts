import { afterAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigResource, emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import { silentLog } from "#core/log.ts";
import { KeptConfig } from "./kept-config.ts";

function secret(name: string, root: string): ConfigResource<"secret"> {
  const value = { name, kind: "trust-bundle", roots: [root] } as const;
  return { type: "secret", name, version: root, value };
}

const snapshot = (...secrets: readonly ConfigResource<"secret">[]): Snapshot => ({
  ...emptySnapshot,
  secret: new Map(secrets.map((each) => [each.name, each])),
});

const root = mkdtempSync(join(tmpdir(), "weft-kept-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function kept() {
  const path = join(mkdtempSync(join(root, "each-")), "config");
  let current = emptySnapshot;
  const config = new KeptConfig({ path, current: () => current, log: silentLog });
  const keep = (next: Snapshot): void => {
    current = next;
    config.saveSoon();
    config.saveNow();
  };
  const read = () => new KeptConfig({ path, current: () => current, log: silentLog }).read();
  return { path, keep, read };
}

const a = secret("a", "1");
const big = secret("big", "x".repeat(50_000));

describe("a kept configuration", () => {
  test("is read as the last one that was kept, whatever came, changed and went", () => {
    const { keep, read } = kept();
    for (const next of [snapshot(a), snapshot(a, big), snapshot(secret("a", "2"), big)]) {
      keep(next);
      expect(read()).toEqual(next);
    }
    keep(snapshot(big));
    expect(read()).toEqual(snapshot(big));
  });

  test("grows by what has changed, and not at all when nothing has", () => {
    const { path, keep } = kept();
    keep(snapshot(a, big));
    const before = statSync(path).size;
    const changed = secret("a", "2");
    keep(snapshot(changed, big));
    const after = statSync(path).size;
    expect(after - before).toBeGreaterThan(0);
    expect(after - before).toBeLessThan(1_000);
    keep(snapshot(changed, big));
    expect(statSync(path).size).toBe(after);
  });

  test("is written anew when more was added than there is", () => {
    const { path, keep, read } = kept();
    for (let i = 0; i < 50; i++) keep(snapshot(secret("big", `${i}${"x".repeat(50_000)}`)));
    expect(statSync(path).size).toBeLessThan(350_000);
    expect(read()?.secret.get("big")?.value.roots[0]).toStartWith("49");
  });

  test("is what it was before a step that a power cut has torn", () => {
    const { path, keep, read } = kept();
    keep(snapshot(a));
    keep(snapshot(secret("a", "2")));
    const whole = readFileSync(path);
    keep(snapshot(secret("a", "3")));
    const long = readFileSync(path);
    for (let length = whole.length; length < long.length; length++) {
      writeFileSync(path, long.subarray(0, length));
      expect(read()).toEqual(snapshot(secret("a", "2")));
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(100)]));
    expect(read()).toEqual(snapshot(secret("a", "2")));
  });

  test("is not used when a step in its middle is damaged", () => {
    const { path, keep, read } = kept();
    for (const root of ["1", "2", "3"]) keep(snapshot(secret("a", root)));
    writeFileSync(path, readFileSync(path, "utf8").replace('"roots":["2"]', '"roots":["4"]'));
    expect(read()).toBeUndefined();
  });

  test("is written whole where the file has gone", () => {
    const { path, keep, read } = kept();
    keep(snapshot(a));
    rmSync(path);
    keep(snapshot(secret("a", "2"), big));
    expect(read()).toEqual(snapshot(secret("a", "2"), big));
  });

  test("of another writer is not added to by one that has just begun", () => {
    const { path, keep, read } = kept();
    writeFileSync(path, "something else");
    appendFileSync(path, "\n");
    keep(snapshot(a));
    expect(read()).toEqual(snapshot(a));
  });
});
