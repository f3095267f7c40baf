import { expect, test } from "bun:test";
import type { JsonSchema } from "../kind.ts";
import { bool, list, map, object, optional, text } from "./fields.ts";
import { pruneUnknownFields, unknownFields } from "./unknown-fields.ts";

const schema = object(
  {
    open: optional(object({}, "Anything.", { "x-kubernetes-preserve-unknown-fields": true })),
    items: optional(list(object({ on: optional(bool("On.")) }, "An item."), "Items.")),
    byName: optional(map(object({ value: text("Value.") }, "A value."), "Values.")),
  },
  "A test.",
  { refused: { later: "it is not built" } },
) as unknown as JsonSchema;

const written = {
  apiVersion: "v1",
  kind: "Test",
  metadata: { name: "a" },
};

const thing = {
  ...written,
  open: { anything: { goes: 1 } },
  items: [{ on: true, off: false }],
  byName: { "x.y": { value: "a", valeu: "b" }, constructor: { value: "c" } },
  later: 1,
};

test("every field outside the schema is found, wherever it is", () => {
  const found = unknownFields(schema, thing).map(({ path, code }) => `${path}: ${code}`);
  expect(found).toEqual([
    "apiVersion: unknown-field",
    "kind: unknown-field",
    "metadata: unknown-field",
    "items[0].off: unknown-field",
    "byName[x.y].valeu: unknown-field",
    "later: unsupported-field",
  ]);
});

test("pruning leaves what the schema has", () => {
  expect(pruneUnknownFields(schema, thing)).toEqual({
    open: { anything: { goes: 1 } },
    items: [{ on: true }],
    byName: { "x.y": { value: "a" }, constructor: { value: "c" } },
  } as never);
});

test("names of the language's own objects are unknown fields like others", () => {
  const found = unknownFields(schema, JSON.parse('{"constructor": {}, "toString": 1}'));
  expect(found.map(({ path }) => path)).toEqual(["constructor", "toString"]);
});
