import { expect, test } from "bun:test";
import fc from "fast-check";
import { chainByPath, type PathRule } from "./path-rule.ts";
import { PrefixTable } from "./prefix-table.ts";
import type { RequestFacts } from "./request-facts.ts";

interface Rule extends PathRule<Rule> {}

const rule = (index: number, value: string, holds = true): Rule => ({
  index,
  path: { kind: "prefix", value },
  conditions: [() => holds],
  nextOfPath: undefined,
});
const tableOf = (rules: readonly Rule[]): PrefixTable<Rule> =>
  new PrefixTable(chainByPath(rules, ({ path }) => path.value));
const facts = {} as RequestFacts; // no condition here asks for any
const find = (rules: readonly Rule[], path: string): number | undefined =>
  tableOf(rules).find(path, facts, undefined)?.index;

test("finds what a loop over the rules finds", () => {
  const path = fc.stringMatching(/^[ab/é]{0,8}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(path, fc.boolean())), path, (given, asked) => {
      const rules = given.map(([prefix, holds], i) => rule(i, prefix, holds));
      const expected = given.findIndex(([prefix, holds]) => asked.startsWith(prefix) && holds);
      expect(find(rules, asked) ?? -1).toBe(expected);
    }),
  );
});

test("tells prefixes with the same hash apart", () => {
  // Words whose 32-bit FNV-1a hashes are equal.
  const [one, other] = ["declinate", "macallums"] as const;
  for (const both of [
    [one, other],
    [other, one],
  ] as const) {
    const rules = both.map((prefix, i) => rule(i, prefix));
    expect(both.map((prefix) => find(rules, `${prefix}/x`))).toEqual([0, 1]);
  }
  expect(find([rule(0, one)], other)).toBeUndefined();
});

test("a rule that was found before stays unless an earlier one matches", () => {
  const table = tableOf([rule(3, "/a"), rule(5, "/a/b")]);
  const [earlier, later] = [rule(1, "/x"), rule(4, "/x")];
  expect(table.find("/a/b", facts, earlier)).toBe(earlier);
  expect(table.find("/a/b", facts, later)?.index).toBe(3);
});

test("ten thousand prefixes of every length are each found, and nothing else is", () => {
  const prefixes = Array.from({ length: 10_000 }, (_, i) => `/${"d/".repeat(i % 50)}${i}/`);
  const table = tableOf(prefixes.map((prefix, i) => rule(i, prefix)));
  const found = prefixes.map((prefix) => table.find(`${prefix}item`, facts, undefined)?.index);
  expect(found).toEqual(prefixes.map((_, i) => i));
  expect(prefixes.filter((prefix) => table.find(prefix.slice(0, -1), facts, undefined))).toEqual(
    [],
  );
});

test("an empty table finds nothing", () => {
  expect(find([], "/")).toBeUndefined();
});
