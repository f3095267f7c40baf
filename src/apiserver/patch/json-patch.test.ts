import { describe, expect, test } from "bun:test";
import { jsonPatch } from "./json-patch.ts";
import { PatchError } from "./patch-error.ts";

const target = { a: { b: [1, 2, 3], "x/y": "z", "m~n": 1 }, c: "d" };

function failure(patch: unknown): string {
  try {
    jsonPatch(target, patch);
  } catch (error) {
    if (error instanceof PatchError) return error.kind;
    throw error;
  }
  return "applied";
}

describe("a JSON patch", () => {
  test("adds, replaces and removes fields and items, and changes no target", () => {
    const patched = jsonPatch(target, [
      { op: "add", path: "/a/b/1", value: 9 },
      { op: "add", path: "/a/b/-", value: 10 },
      { op: "replace", path: "/c", value: { e: null } },
      { op: "remove", path: "/a/x~1y" },
      { op: "replace", path: "/a/m~0n", value: 2 },
    ]);
    expect(patched).toEqual({ a: { b: [1, 9, 2, 3, 10], "m~n": 2 }, c: { e: null } });
    expect(target.a.b).toEqual([1, 2, 3]);
  });

  test("moves, copies and tests", () => {
    const patched = jsonPatch(target, [
      { op: "test", path: "/a/b", value: [1, 2, 3] },
      { op: "copy", from: "/a/b", path: "/copy" },
      { op: "move", from: "/a/b/0", path: "/first" },
      { op: "test", path: "/none", value: null },
    ]);
    expect(patched).toMatchObject({ a: { b: [2, 3] }, copy: [1, 2, 3], first: 1 });
  });

  test("that doubles what it copies again and again is stopped", () => {
    const copies = Array.from({ length: 40 }, (_, i) => ({
      op: "copy",
      from: "/a",
      path: `/a/${i}`,
    }));
    expect(failure(copies)).toBe("too-large");
  });

  test("replaces the whole document when its path is empty", () => {
    expect(jsonPatch(target, [{ op: "replace", path: "", value: { n: 1 } }])).toEqual({ n: 1 });
  });

  test("that speaks of what is not there does not apply", () => {
    for (const one of [
      { op: "remove", path: "/none" },
      { op: "replace", path: "/none", value: 1 },
      { op: "add", path: "/none/deep", value: 1 },
      { op: "add", path: "/a/b/9", value: 1 },
      { op: "remove", path: "/a/b/-" },
      { op: "replace", path: "/a/b/01", value: 1 },
      { op: "test", path: "/c", value: "x" },
      { op: "move", from: "/none", path: "/x" },
      { op: "remove", path: "" },
    ])
      expect(failure([one])).toBe("inapplicable");
  });

  test("that is none is malformed", () => {
    for (const bad of [
      {},
      ["x"],
      [{ op: "mix", path: "/c" }],
      [{ op: "add", path: "/c" }],
      [{ op: "remove" }],
      [{ op: "remove", path: "c" }],
    ])
      expect(failure(bad)).toBe("malformed");
    const endless = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/c", value: "d" }));
    expect(failure(endless)).toBe("malformed");
  });

  test("treats __proto__ as a key", () => {
    const patched = jsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
    expect(JSON.stringify(patched)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
