import type { PathMatch } from "#config/route.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { FactsTest, StringTest } from "./string-test.ts";
import { compileStringMatch } from "./string-test.ts";

/** A rule to be found: its place in the order, its path, and what else must hold. */
export interface IndexedRule {
  readonly index: number;
  readonly path: PathMatch;
  readonly conditions: readonly FactsTest[];
}

/** Distinct prefixes in order, each with the longest other prefix that it begins with. */
interface PrefixNode<R> {
  readonly value: string;
  readonly rules: R[];
  readonly parent: PrefixNode<R> | undefined;
  /** Lowest index in this node and all above it: whether looking further can still win. */
  lowest: number;
}

/**
 * First match wins, at a cost that does not grow with the number of exact and prefix paths: exact paths are hashed,
 * prefixes are found by one binary search and a walk over the prefixes of the prefix found. Patterns are tried in order.
 */
export class PathIndex<R extends IndexedRule> {
  readonly #inOrder: readonly R[];
  readonly #inOrderTests: readonly StringTest[];
  readonly #exact = new Map<string, R[]>();
  readonly #exactFolded = new Map<string, R[]>();
  readonly #prefixes: readonly PrefixNode<R>[];
  readonly #prefixesFolded: readonly PrefixNode<R>[];
  readonly #patterns: { readonly rule: R; readonly matches: StringTest }[] = [];

  /** `rules` in ascending order of index. Throws what `compileRe2` throws. */
  constructor(rules: readonly R[]) {
    const few = rules.length <= FEW;
    this.#inOrder = few ? rules : [];
    this.#inOrderTests = few ? rules.map((rule) => compileStringMatch(rule.path)) : [];
    const prefixes = new Map<string, R[]>();
    const folded = new Map<string, R[]>();
    if (!few)
      for (const rule of rules) {
        const { path } = rule;
        if (path.kind === "regex") this.#patterns.push({ rule, matches: compileStringMatch(path) });
        else if (path.kind === "exact") {
          if (path.ignoreCase === true) append(this.#exactFolded, path.value.toLowerCase(), rule);
          else append(this.#exact, path.value, rule);
        } else if (path.ignoreCase === true) append(folded, path.value.toLowerCase(), rule);
        else append(prefixes, path.value, rule);
      }
    this.#prefixes = prefixNodes(prefixes);
    this.#prefixesFolded = prefixNodes(folded);
  }

  find(facts: RequestFacts): R | undefined {
    return this.#inOrder.length > 0 ? this.#findInOrder(facts) : this.#findIndexed(facts);
  }

  #findInOrder(facts: RequestFacts): R | undefined {
    const rules = this.#inOrder;
    for (let i = 0; i < rules.length; i++)
      if (this.#inOrderTests[i]?.(facts.path) && holds(rules[i], facts)) return rules[i];
    return undefined;
  }

  #findIndexed(facts: RequestFacts): R | undefined {
    const { path } = facts;
    let best = firstThatHolds(this.#exact.get(path), facts, undefined);
    best = searchPrefixes(this.#prefixes, path, facts, best);
    if (this.#exactFolded.size > 0 || this.#prefixesFolded.length > 0) {
      const folded = path.toLowerCase();
      best = firstThatHolds(this.#exactFolded.get(folded), facts, best);
      best = searchPrefixes(this.#prefixesFolded, folded, facts, best);
    }
    for (const { rule, matches } of this.#patterns) {
      if (best !== undefined && rule.index > best.index) break;
      if (matches(path) && holds(rule, facts)) return rule;
    }
    return best;
  }
}

/** Up to here a plain loop is quicker than the tables. */
const FEW = 4;

function append<R>(map: Map<string, R[]>, key: string, rule: R): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [rule]);
  else known.push(rule);
}

function holds(rule: IndexedRule | undefined, facts: RequestFacts): boolean {
  if (rule === undefined) return false;
  const { conditions } = rule;
  for (let i = 0; i < conditions.length; i++) if (!conditions[i]?.(facts)) return false;
  return true;
}

/** The first rule of an ascending list that holds, when it comes before `best`. */
function firstThatHolds<R extends IndexedRule>(
  rules: readonly R[] | undefined,
  facts: RequestFacts,
  best: R | undefined,
): R | undefined {
  if (rules === undefined) return best;
  for (const rule of rules) {
    if (best !== undefined && rule.index > best.index) return best;
    if (holds(rule, facts)) return rule;
  }
  return best;
}

function prefixNodes<R extends IndexedRule>(
  byPrefix: ReadonlyMap<string, R[]>,
): readonly PrefixNode<R>[] {
  const nodes: PrefixNode<R>[] = [];
  const sorted = [...byPrefix].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [value, rules] of sorted) {
    let parent = nodes.at(-1);
    while (parent !== undefined && !value.startsWith(parent.value)) parent = parent.parent;
    const own = rules[0]?.index ?? Number.POSITIVE_INFINITY;
    const lowest = Math.min(own, parent?.lowest ?? Number.POSITIVE_INFINITY);
    nodes.push({ value, rules, parent, lowest });
  }
  return nodes;
}

/**
 * The greatest prefix that is not after the path is either a prefix of it or shares with it all prefixes that the path
 * has: whatever table entry lies between a prefix of the path and the path itself begins with that prefix.
 */
function searchPrefixes<R extends IndexedRule>(
  nodes: readonly PrefixNode<R>[],
  path: string,
  facts: RequestFacts,
  found: R | undefined,
): R | undefined {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((nodes[middle]?.value ?? "") <= path) low = middle + 1;
    else high = middle;
  }
  let best = found;
  let node = nodes[low - 1];
  while (node !== undefined && (best === undefined || node.lowest < best.index)) {
    if (path.startsWith(node.value)) best = firstThatHolds(node.rules, facts, best);
    node = node.parent;
  }
  return best;
}
