import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { normalizePath, type PathNormalization } from "./path.ts";

const MODES: readonly PathNormalization[] = [
  "NONE",
  "BASE",
  "MERGE_SLASHES",
  "DECODE_AND_MERGE_SLASHES",
];

describe("a path becomes", () => {
  test.each<[string, string, string, string]>([
    // path                BASE               MERGE_SLASHES     DECODE_AND_MERGE_SLASHES
    ["/", "/", "/", "/"],
    ["/a/b?c=/../d//e", "/a/b?c=/../d//e", "/a/b?c=/../d//e", "/a/b?c=/../d//e"],
    ["/a/./b", "/a/b", "/a/b", "/a/b"],
    ["/a/../b", "/b", "/b", "/b"],
    ["/../../b", "/b", "/b", "/b"],
    ["/a/..", "/", "/", "/"],
    ["/a/b/.", "/a/b/", "/a/b/", "/a/b/"],
    ["/a/.hidden/..x", "/a/.hidden/..x", "/a/.hidden/..x", "/a/.hidden/..x"],
    ["/a\\b", "/a/b", "/a/b", "/a/b"],
    ["/a\\..\\b", "/b", "/b", "/b"],
    ["/%61%2D%7e", "/a-~", "/a-~", "/a-~"],
    ["/a/%2e%2E/b", "/b", "/b", "/b"],
    ["/a/%2e", "/a/", "/a/", "/a/"],
    ["//a///b", "//a///b", "/a/b", "/a/b"],
    ["/a%2Fb", "/a%2Fb", "/a%2Fb", "/a/b"],
    ["/a%2f%2Fb", "/a%2f%2Fb", "/a%2f%2Fb", "/a/b"],
    ["/a%5Cb", "/a%5Cb", "/a%5Cb", "/a/b"],
    ["/a%2f..%2fb", "/a%2f..%2fb", "/a%2f..%2fb", "/b"],
    ["/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a"],
    ["/a%20b", "/a%20b", "/a%20b", "/a%20b"],
    ["/A/%C3%A9", "/A/%C3%A9", "/A/%C3%A9", "/A/%C3%A9"],
    ["/a;p=1/b", "/a;p=1/b", "/a;p=1/b", "/a;p=1/b"],
    ["*", "*", "*", "*"],
  ])("%s: %s, %s, %s", (path, base, merged, decoded) => {
    expect(normalizePath(path, "NONE")).toBe(path);
    expect(normalizePath(path, "BASE")).toBe(base);
    expect(normalizePath(path, "MERGE_SLASHES")).toBe(merged);
    expect(normalizePath(path, "DECODE_AND_MERGE_SLASHES")).toBe(decoded);
  });

  test.each(["/%00", "/a%0", "/a%", "/%zz", "/%2", "/a%-1", "/%4g"])(
    "%s is refused in every mode",
    (path) => {
      for (const mode of MODES) expect(() => normalizePath(path, mode)).toThrow("invalid escape");
    },
  );
});

test("normalising twice is normalising once, and no dot segment is left", () => {
  const piece = fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2F",
    "%5c",
    "\\",
    "a",
    "B",
    "%41",
    "%25",
    ";",
    "~",
    "é",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.constantFrom(...MODES.slice(1)),
      (pieces, mode) => {
        const once = normalizePath(`/${pieces.join("")}`, mode);
        expect(normalizePath(once, mode)).toBe(once);
        expect(/\/\.{1,2}(\/|$)/.test(once)).toBe(false);
      },
    ),
    { numRuns: 2_000 },
  );
});
