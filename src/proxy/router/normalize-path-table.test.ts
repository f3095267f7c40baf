import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { normalizePath, type PathNormalization } from "./normalize-path.ts";

const MODES: readonly PathNormalization[] = [
  "none",
  "base",
  "merge-slashes",
  "decode-and-merge-slashes",
];

describe("a path becomes", () => {
  test.each<[string, string, string, string]>([
    // path                BASE               merge-slashes     decode-and-merge-slashes
    ["/", "/", "/", "/"],
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
    expect(normalizePath(path, "none")).toBe(path);
    expect(normalizePath(path, "base")).toBe(base);
    expect(normalizePath(path, "merge-slashes")).toBe(merged);
    expect(normalizePath(path, "decode-and-merge-slashes")).toBe(decoded);
  });

  test.each(["/%00", "/a%0", "/a%", "/%zz", "/%2", "/a%-1", "/%4g"])(
    "%s is refused in every mode",
    (path) => {
      for (const mode of MODES) expect(normalizePath(path, mode)).toBeUndefined();
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
        const once = normalizePath(`/${pieces.join("")}`, mode) ?? "none of these is refused";
        expect(normalizePath(once, mode)).toBe(once);
        expect(/\/\.{1,2}(\/|$)/.test(once)).toBe(false);
      },
    ),
    { numRuns: 2_000 },
  );
});
