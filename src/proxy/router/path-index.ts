import { chainByPath, firstOfPath, holds, type PathRule, type RuleFinder } from "./path-rule.ts";
import { PrefixTable } from "./prefix-table.ts";
import type { RequestFacts } from "./request-facts.ts";
import { RulesInOrder } from "./rules-in-order.ts";
import { compileStringMatch, type StringTest } from "./string-test.ts";

/** Up to here a plain loop is quicker than the tables. */
const FEW = 4;

/** `rules` in ascending order of index. Throws what `compileRe2` throws. */
export function finderOf<R extends PathRule<R>>(rules: readonly R[]): RuleFinder<R> {
  return rules.length <= FEW ? new RulesInOrder(rules) : new PathIndex(rules);
}

/**
 * First match wins, at a cost that does not grow with the number of exact and prefix paths, which are hashed. Patterns are
 * tried in order.
 */
class PathIndex<R extends PathRule<R>> implements RuleFinder<R> {
  readonly #exact: PathTables<R>;
  /** Of the path in lower case; undefined: every rule minds case. */
  readonly #folded: PathTables<R> | undefined;
  readonly #patterns: readonly { readonly rule: R; readonly matches: StringTest }[];

  constructor(rules: readonly R[]) {
    const isFolded = ({ path }: R): boolean => path.kind !== "regex" && path.ignoreCase === true;
    this.#exact = tablesOf(
      rules.filter((rule) => !isFolded(rule)),
      ({ path }) => path.value,
    );
    const folded = rules.filter(isFolded);
    this.#folded =
      folded.length === 0 ? undefined : tablesOf(folded, ({ path }) => path.value.toLowerCase());
    this.#patterns = rules
      .filter(({ path }) => path.kind === "regex")
      .map((rule) => ({ rule, matches: compileStringMatch(rule.path) }));
  }

  find(facts: RequestFacts): R | undefined {
    const { path } = facts;
    let best = findIn(this.#exact, path, facts, undefined);
    if (this.#folded !== undefined) best = findIn(this.#folded, path.toLowerCase(), facts, best);
    const patterns = this.#patterns;
    for (let i = 0; i < patterns.length; i++) {
      const { rule, matches } = patterns[i] as (typeof patterns)[number];
      if (best !== undefined && rule.index > best.index) break;
      if (matches(path) && holds(rule, facts)) return rule;
    }
    return best;
  }
}

interface PathTables<R extends PathRule<R>> {
  readonly exact: ReadonlyMap<string, R>;
  readonly prefixes: PrefixTable<R>;
}

function tablesOf<R extends PathRule<R>>(
  rules: readonly R[],
  pathOf: (rule: R) => string,
): PathTables<R> {
  const ofKind = (kind: R["path"]["kind"]): Map<string, R> =>
    chainByPath(
      rules.filter(({ path }) => path.kind === kind),
      pathOf,
    );
  return { exact: ofKind("exact"), prefixes: new PrefixTable(ofKind("prefix")) };
}

function findIn<R extends PathRule<R>>(
  { exact, prefixes }: PathTables<R>,
  path: string,
  facts: RequestFacts,
  best: R | undefined,
): R | undefined {
  return prefixes.find(path, facts, firstOfPath(exact.get(path), facts, best));
}
