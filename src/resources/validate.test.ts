import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import fc from "fast-check";
import { parse } from "yaml";
import { kindOf, readResource } from "../../test/support/read-resource.ts";
import { analyse } from "./analysis/analyse.ts";
import type { Resource } from "./resource.ts";
import { isObject } from "./schema/field-path.ts";
import { validateObject } from "./validate.ts";

const goldens = await Promise.all(
  Array.from(new Glob("src/resources/*/golden/*.yaml").scanSync())
    .filter((path) => !path.endsWith(".read.yaml"))
    .map(async (path) => parse(await Bun.file(path).text()) as Resource),
);

/** The object with one value somewhere below replaced, removed or put under another name. */
function damage(value: unknown, where: readonly number[], replacement: unknown): unknown {
  const [first, ...rest] = where;
  if (first === undefined) return replacement;
  if (Array.isArray(value) && value.length > 0)
    return value.map((item, i) =>
      i === first % value.length ? damage(item, rest, replacement) : item,
    );
  if (!isObject(value)) return replacement;
  const keys = Object.keys(value);
  const key = keys[first % Math.max(1, keys.length)] ?? "spec";
  if (replacement === undefined && rest.length === 0) {
    const { [key]: _, ...others } = value;
    return others;
  }
  return { ...value, [key]: damage(value[key], rest, replacement) };
}

const replacement = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<unknown>("", "*", "*.", "/", "{*}", 0, -1, 1.5, 2 ** 40, true, [], {}, [null], {
    exact: "",
  }),
  fc.jsonValue(),
);

const damaged = fc
  .tuple(
    fc.constantFrom(...goldens),
    fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
    replacement,
  )
  .map(([golden, where, value]) => ({
    ...(damage(golden, where, value) as Resource),
    apiVersion: golden.apiVersion,
    kind: golden.kind,
  }))
  .filter(({ metadata }) => isObject(metadata));

describe("any damage to any object", () => {
  test("gives issues with a path and words, and never an exception", () => {
    fc.assert(
      fc.property(damaged, (object) => {
        for (const { path, code, message } of validateObject(kindOf(object), object)) {
          expect(typeof path).toBe("string");
          expect(code).toMatch(/^[a-z-]+$/);
          expect(message.length).toBeGreaterThan(5);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("or an object that its reader, its warnings, its columns and the analysis can take", async () => {
    const nobody = { list: () => [], get: () => undefined };
    await fc.assert(
      fc.asyncProperty(damaged, async (object) => {
        const kind = kindOf(object);
        if (validateObject(kind, object).length > 0) return;
        const stored = kind.applyDefaults?.(object) ?? object;
        expect(validateObject(kind, stored)).toEqual([]);
        await readResource(stored);
        kind.warnings?.(stored);
        analyse(stored, nobody);
        for (const column of kind.columns) column.value(stored);
      }),
      { numRuns: 3000 },
    );
  });
});

test("hostile shapes end in issues", () => {
  const [canary] = goldens.filter(({ kind }) => kind === "VirtualService");
  if (!canary) throw new Error("there is no golden VirtualService");
  let deep: unknown = {};
  for (let i = 0; i < 1_000_000; i++) deep = { spec: deep };
  const many = Array.from({ length: 100_000 }, () => "a");
  const hostile = [
    { ...canary, spec: deep },
    { ...canary, spec: JSON.parse('{"__proto__": {"hosts": ["a"]}, "hosts": ["a"], "http": []}') },
    { ...canary, spec: { ...(canary.spec as object), hosts: many } },
  ];
  for (const object of hostile)
    expect(validateObject(kindOf(object), object).length).toBeGreaterThan(0);
});
