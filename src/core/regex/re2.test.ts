import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileRe2 } from "./re2.ts";
import { RegexError } from "./regex-error.ts";

const fits = (pattern: string, input: string): boolean => compileRe2(pattern).test(input);

describe("a pattern", () => {
  test("must fit the whole input", () => {
    expect(fits("/api/v[0-9]+", "/api/v12")).toBe(true);
    expect(fits("/api/v[0-9]+", "/api/v12/users")).toBe(false);
    expect(fits("a|ab", "ab")).toBe(true);
  });

  test.each([
    ["(?i)payments", "PayMents", true],
    ["(?i:p)ay", "PAY", false],
    ["(?i)k", "\u212a", true],
    [".", "\n", false],
    ["(?s).", "\n", true],
    ["(?m)a$\nb", "a\nb", true],
    ["a$\nb", "a\nb", false],
    ["\\bfoo\\b.*", "foo bar", true],
    ["\\bfoo\\b.*", "foobar", false],
    [".", "😀", true],
    ["[^a]", "😀", true],
    ["[[:alpha:]]+", "abc", true],
    ["[[:^alpha:]]+", "123", true],
    ["\\p{Greek}+", "αβγ", true],
    ["\\pN\\PN", "1a", true],
    ["\\Qa.b\\E", "a.b", true],
    ["\\Qa.b\\E", "axb", false],
    ["x{2,3}", "xxx", true],
    ["x{2,3}", "xxxx", false],
    ["{x}", "{x}", true],
    ["[]a]+", "]a", true],
    ["\\x{1F600}\\x41\\101", "😀AA", true],
    ["", "", true],
    ["^abc$", "abc", true],
  ])("%j on %j: %p", (pattern, input, expected) => {
    expect(fits(pattern, input)).toBe(expected);
  });

  test.each([
    ["(a)\\1", /backreferences are not RE2/],
    ["(?=a)", /look-around/],
    ["(?<=a)b", /look-around/],
    ["(?>a)", /atomic groups/],
    ["a++", /cannot be repeated/],
    ["a**", /cannot be repeated/],
    ["*a", /nothing to repeat/],
    ["(a", /never closed/],
    ["a)", /unexpected \)/],
    ["[a", /never closed/],
    ["[b-a]", /ends before it begins/],
    ["[[:foo:]]", /no class/],
    ["\\p{Nope}", /no class/],
    ["\\Z", /not an escape/],
    ["\\C", /not an escape/],
    ["a{1001}", /n ≤ m ≤ 1000/],
    ["(a{100}){11}", /more than 1000/],
    ["(?P<x>a)(?P<x>b)", /two groups/],
    ["a\\", /ends too early/],
  ])("%j is refused with a reason", (pattern, reason) => {
    expect(() => compileRe2(pattern)).toThrow(RegexError);
    expect(() => compileRe2(pattern)).toThrow(reason);
  });

  test("that needs too many steps is refused", () => {
    const large = Array.from({ length: 6 }, () => "(?:.?){1000}").join("");
    expect(() => compileRe2(large)).toThrow(/too large/);
  });
});

describe("hostile patterns come to an end on long inputs, where backtracking would not", () => {
  test.each([
    ["(a+)+b", "a", false],
    ["(a|aa)+", "a", true],
    ["(x+x+)+y", "x", false],
    ["(.*)(.*)(.*)(.*)(.*)=(.*)", "x", false],
    ["[ab]*a[ab]{14}c", "ab", false],
  ])("%s", (pattern, unit, matches) => {
    expect(compileRe2(pattern).test(unit.repeat(100_000))).toBe(matches);
  });
});

describe("replacing", () => {
  test.each([
    ["^/service/([^/]+)(/.*)$", "\\2/instance/\\1", "/service/foo/v1/api", "/v1/api/instance/foo"],
    ["one", "two", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/two/zzz"],
    ["^(.*?)one(.*)$", "\\1two\\2", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/one/zzz"],
    ["(?i)/xxx/", "/yyy/", "/aaa/XxX/bbb", "/aaa/yyy/bbb"],
    ["x*", "-", "axb", "-a-b-"],
    ["a|ab", "<\\0>", "abab", "<a>b<a>b"],
    ["(a)|b", "[\\1]", "ab", "[a][]"],
    ["b", "\\\\", "abc", "a\\c"],
  ])("%s by %s", (pattern, substitution, input, expected) => {
    expect(compileRe2(pattern).replace(input, substitution)).toBe(expected);
  });

  test.each(["\\2", "\\n", "\\"])("the substitution %j is refused", (substitution) => {
    expect(() => compileRe2("(a)").replacer(substitution)).toThrow(RegexError);
  });
});

const atom = fc.constantFrom("a", "b", "[ab]", "[^a]", ".", "\\d", "\\w", "(?:)", "é", "1");
const { pattern } = fc.letrec((tie) => ({
  pattern: fc.oneof(
    { depthSize: "small" },
    atom,
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "*?"))
      .map(([a, times]) => `(?:${a})${times}`),
  ),
}));

test("agrees with the language's own engine where their syntaxes mean the same", () => {
  const input = fc.string({
    unit: fc.constantFrom("a", "b", "1", "é", "_", "-", "\n"),
    maxLength: 8,
  });
  fc.assert(
    fc.property(pattern as fc.Arbitrary<string>, input, (written, text) => {
      const own = new RegExp(`^(?:${written})$`, "u").test(text);
      // `.` of the language stops at more line ends than RE2's, none of which is in the input.
      expect(fits(written, text)).toBe(own);
    }),
    { numRuns: 500 },
  );
});

test("any text is a pattern or our own error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.string(), (written, text) => {
      try {
        compileRe2(written).test(text);
      } catch (error) {
        expect(error).toBeInstanceOf(RegexError);
      }
    }),
    { numRuns: 1000 },
  );
});
