import type { PathMatch } from "#config/route.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { FactsTest } from "./string-test.ts";

/** A rule to be found: its place in the order, its path, and what else must hold. */
export interface PathRule<R> {
  readonly index: number;
  readonly path: PathMatch;
  readonly conditions: readonly FactsTest[];
  /** The next one with the same path; whoever finds rules by their paths sets it, once. */
  nextOfPath: R | undefined;
}

/** Finds the rule that a request takes. */
export interface RuleFinder<R> {
  find(facts: RequestFacts): R | undefined;
}

export function holds(rule: PathRule<unknown>, facts: RequestFacts): boolean {
  const { conditions } = rule;
  for (let i = 0; i < conditions.length; i++) if (!conditions[i]?.(facts)) return false;
  return true;
}

/** The first rule of a path that holds, when it comes before `best`. */
export function firstOfPath<R extends PathRule<R>>(
  first: R | undefined,
  facts: RequestFacts,
  best: R | undefined,
): R | undefined {
  for (let rule = first; rule !== undefined; rule = rule.nextOfPath) {
    if (best !== undefined && rule.index > best.index) return best;
    if (holds(rule, facts)) return rule;
  }
  return best;
}

/** The first rule of each path, each followed by the others of that path in the order of `rules`. */
export function chainByPath<R extends PathRule<R>>(
  rules: readonly R[],
  pathOf: (rule: R) => string,
): Map<string, R> {
  const chains = new Map<string, R>();
  // From the last one on, so that each goes before those that are there.
  for (const rule of rules.toReversed()) {
    const path = pathOf(rule);
    rule.nextOfPath = chains.get(path);
    chains.set(path, rule);
  }
  return chains;
}
