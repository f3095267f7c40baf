import { expect, test } from "bun:test";
import { exportsOverlap, isExportedTo, readExportTo } from "./export-to.ts";

test("nothing written and * are everybody, . is the own namespace, ~ is nobody", () => {
  expect(readExportTo(undefined, "shop")).toEqual({ kind: "all" });
  expect(readExportTo(["*"], "shop")).toEqual({ kind: "all" });
  expect(readExportTo([".", "web"], "shop")).toEqual({
    kind: "namespaces",
    names: ["shop", "web"],
  });
  expect(readExportTo(["~"], "shop")).toEqual({ kind: "namespaces", names: [] });
});

test("two overlap when one namespace sees both", () => {
  const all = readExportTo(undefined, "a");
  const own = readExportTo(["."], "a");
  const other = readExportTo(["."], "b");
  const nobody = readExportTo(["~"], "a");
  expect(exportsOverlap(all, own)).toBe(true);
  expect(exportsOverlap(own, all)).toBe(true);
  expect(exportsOverlap(own, other)).toBe(false);
  expect(exportsOverlap(nobody, all)).toBe(false);
  expect(isExportedTo(own, "a")).toBe(true);
  expect(isExportedTo(own, "b")).toBe(false);
});
