import { describe, expect, test } from "bun:test";
import { normalizePath } from "./normalize-path.ts";

describe("base", () => {
  test.each([
    ["/charge", "/charge"],
    ["/a/./b/../c", "/a/c"],
    ["/a/..", "/"],
    ["/a/b/.", "/a/b/"],
    ["/a\\b", "/a/b"],
    ["/%61dmin", "/admin"],
    ["/%2e%2e/admin", "/admin"],
    ["/x/%2E%2e/admin", "/admin"],
    ["/a%2Fb", "/a%2Fb"],
    ["/a//b", "/a//b"],
    ["/..", "/"],
    ["/a%00", undefined],
    ["/a%zz", undefined],
    ["/a%2", undefined],
    ["/...", "/..."],
    ["/.hidden", "/.hidden"],
    ["*", "*"],
    ["/A%c3%A9", "/A%c3%A9"],
    ["/%252e%252e/x", "/%252e%252e/x"],
  ])("%s becomes %s", (path, expected) => {
    expect(normalizePath(path, "base")).toBe(expected);
  });
});

test("slashes are merged only when asked, and decoded only when asked", () => {
  expect(normalizePath("/a//b///c", "merge-slashes")).toBe("/a/b/c");
  expect(normalizePath("/a%2f/b", "merge-slashes")).toBe("/a%2f/b");
  expect(normalizePath("/a%2f%5Cb", "decode-and-merge-slashes")).toBe("/a/b");
  expect(normalizePath("/public/%2e%2e%2fadmin", "decode-and-merge-slashes")).toBe("/admin");
});

test("a normalised path stays as it is when it is normalised again", () => {
  for (const path of ["/a/../b", "/%7Euser", "/a\\..\\b", "/x/%2e/y"])
    for (const mode of ["base", "merge-slashes", "decode-and-merge-slashes"] as const) {
      const once = normalizePath(path, mode);
      expect(once === undefined ? undefined : normalizePath(once, mode)).toBe(once);
    }
});

test("without normalisation only NUL and invalid escapes are refused", () => {
  expect(normalizePath("/a/../b//%2e", "none")).toBe("/a/../b//%2e");
  expect(normalizePath("/a%00", "none")).toBeUndefined();
  expect(normalizePath("/a%4", "none")).toBeUndefined();
});
