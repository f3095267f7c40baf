import { expect, test } from "bun:test";
import { Glob } from "bun";
import { referencePages } from "./generate-reference.ts";

test("the reference pages of resources are what the schemas say; otherwise run scripts/generate-reference.ts", async () => {
  for (const [path, text] of referencePages()) expect(await Bun.file(path).text()).toBe(text);
});

test("there is no page of a kind that is gone", async () => {
  const found = await Array.fromAsync(new Glob("docs/reference/resources/*.md").scan());
  expect(found.sort()).toEqual([...referencePages().keys()].sort());
});
