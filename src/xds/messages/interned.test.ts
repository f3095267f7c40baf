import { expect, test } from "bun:test";
import { Interned } from "./interned.ts";

test("equal values are one object", () => {
  const interned = new Interned<{ readonly name: string }>(8);
  const first = interned.of("a", () => ({ name: "a" }));
  expect(interned.of("a", () => ({ name: "a" }))).toBe(first);
  expect(interned.of("b", () => ({ name: "b" }))).toEqual({ name: "b" });
});

test("no more than so many are kept, and a value that was dropped is made again", () => {
  const interned = new Interned<{ readonly name: string }>(2);
  const first = interned.of("a", () => ({ name: "a" }));
  for (const name of ["b", "c"]) interned.of(name, () => ({ name }));
  const again = interned.of("a", () => ({ name: "a" }));
  expect(again).toEqual(first);
  expect(again).not.toBe(first);
});
