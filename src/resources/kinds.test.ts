import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { parse } from "yaml";
import { folderOf, kindOf, readResource, resourceOf } from "../../test/support/read-resource.ts";
import { kinds } from "./kinds.ts";
import { isObject } from "./schema/field-path.ts";
import { unknownFields } from "./schema/unknown-fields.ts";
import { validateObject } from "./validate.ts";

const goldens = Array.from(new Glob("src/resources/*/golden/*.yaml").scanSync())
  .filter((path) => !path.endsWith(".read.yaml"))
  .sort();

describe.each(kinds.map((kind) => [kind.kind, kind] as const))("%s", (name, kind) => {
  const folder = `src/resources/${folderOf(kind)}`;

  test("has a reader, a test, a golden example, columns and a reference page", async () => {
    const module = await import(`./${folderOf(kind)}/read.ts`);
    expect(module[`read${name}`]).toBeFunction();
    expect(await Bun.file(`${folder}/kind.test.ts`).exists()).toBe(true);
    expect(goldens.some((path) => path.startsWith(`${folder}/golden/`))).toBe(true);
    expect(await Bun.file(`docs/reference/resources/${folderOf(kind)}.md`).exists()).toBe(true);
    const hasNoneInClusters = kind.columns.length === 0;
    expect(hasNoneInClusters).toBe(false);
  });

  test("says what every field is for", () => {
    const silent: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string): void => {
      for (const [field, child] of Object.entries((schema.properties ?? {}) as object)) {
        if (typeof child.description !== "string") silent.push(`${path}.${field}`);
        walk(child, `${path}.${field}`);
      }
      if (isObject(schema.items)) walk(schema.items, `${path}[]`);
      if (isObject(schema.additionalProperties)) walk(schema.additionalProperties, `${path}.*`);
    };
    walk(kind.schema, name);
    expect(silent).toEqual([]);
  });
});

describe.each(goldens)("%s", (path) => {
  const load = async () => resourceOf(await Bun.file(path).text());

  test("is valid, before and after its defaults are filled in", async () => {
    const object = await load();
    const kind = kindOf(object);
    expect(validateObject(kind, object)).toEqual([]);
    expect(unknownFields(kind.schema, object)).toEqual([]);
    const stored = kind.applyDefaults?.(object) ?? object;
    expect(validateObject(kind, stored)).toEqual([]);
    expect(unknownFields(kind.schema, stored)).toEqual([]);
    expect(kind.applyDefaults?.(stored)).toEqual(stored);
    expect(kind.versions.some((version) => object.apiVersion.endsWith(version))).toBe(true);
  });

  test("is read as its .read.yaml says; otherwise run scripts/rewrite-resource-goldens.ts", async () => {
    const expected = parse(await Bun.file(path.replace(/\.yaml$/, ".read.yaml")).text());
    const read = await readResource(await load());
    expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  test("shows a value in every column without failing", async () => {
    const object = await load();
    for (const column of kindOf(object).columns)
      expect(["string", "number", "boolean", "undefined"]).toContain(typeof column.value(object));
  });
});
