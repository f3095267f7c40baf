import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStateFile, writeStateFile } from "./state-file.ts";

const root = mkdtempSync(join(tmpdir(), "weft-state-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const file = () => join(mkdtempSync(join(root, "each-")), "state");
const asIs = (json: unknown) => json;

test("what was written is read again, and only its owner may read it", () => {
  const path = file();
  writeStateFile(path, { a: ["ä", 1] });
  expect(readStateFile(path, asIs)).toEqual({ kind: "value", value: { a: ["ä", 1] } });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a file that is not there is absent", () => {
  expect(readStateFile(file(), asIs)).toEqual({ kind: "absent" });
});

describe("a damaged file is told apart and not used", () => {
  test.each([
    ["cut short", (text: string) => text.slice(0, -3)],
    ["with one bit flipped", (text: string) => text.replace('"a"', '"b"')],
    ["emptied", () => ""],
    ["of another program", () => '{"a":1}'],
  ])("%s", (_, damage) => {
    const path = file();
    writeStateFile(path, { a: 1 });
    writeFileSync(path, damage(readFileSync(path, "utf8")));
    expect(readStateFile(path, asIs).kind).toBe("damaged");
  });
  test("whose content its reader refuses", () => {
    const path = file();
    writeStateFile(path, { a: 1 });
    const found = readStateFile(path, () => {
      throw new Error("not a snapshot");
    });
    expect(found).toEqual({ kind: "damaged", reason: `${path}: not a snapshot` });
  });
});
