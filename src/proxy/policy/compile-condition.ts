import type { Condition } from "#config/authorization.ts";
import { compileHeaderMatch, compileStringMatch, type StringTest } from "../router/string-test.ts";
import { compileIpBlock } from "./ip-block.ts";
import { compilePathTemplate } from "./path-template.ts";
import type { PolicyFacts } from "./policy-facts.ts";

/** One condition as a program: does it hold, and if not, which fields differ. */
export interface Program {
  readonly holds: (facts: PolicyFacts) => boolean;
  /** Called only when `holds` is false: the fewest fields whose change would make it hold. */
  readonly differing: (facts: PolicyFacts) => readonly string[];
}

/** Throws what patterns, CIDRs and templates throw: call it while an update may still be refused. */
export function compileCondition(condition: Condition): Program {
  switch (condition.kind) {
    case "always":
      return { holds: () => true, differing: () => [] };
    case "all":
      return compileAll(condition.of.map(compileCondition));
    case "any":
      return compileAny(condition.of.map(compileCondition));
    case "not":
      return compileNot(condition.of);
    default:
      return compileLeaf(condition);
  }
}

function compileAll(parts: readonly Program[]): Program {
  return {
    holds: (facts) => {
      for (let i = 0; i < parts.length; i++) if (parts[i]?.holds(facts) === false) return false;
      return true;
    },
    differing: (facts) => [
      ...new Set(parts.filter((p) => !p.holds(facts)).flatMap((p) => p.differing(facts))),
    ],
  };
}

function compileAny(parts: readonly Program[]): Program {
  return {
    holds: (facts) => {
      for (let i = 0; i < parts.length; i++) if (parts[i]?.holds(facts) === true) return true;
      return false;
    },
    differing: (facts) => fewest(parts.map((part) => part.differing(facts))) ?? ["any request"],
  };
}

/** The shortest of several lists; undefined when there are none. */
export function fewest(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  return lists.reduce<readonly string[] | undefined>(
    (best, list) => (best === undefined || list.length < best.length ? list : best),
    undefined,
  );
}

function compileNot(inner: Condition): Program {
  const { holds } = compileCondition(inner);
  const fields = fieldsOf(inner).map((field) => `not ${field}`);
  return { holds: (facts) => !holds(facts), differing: () => fields };
}

function fieldsOf(condition: Condition): string[] {
  switch (condition.kind) {
    case "all":
    case "any":
      return [...new Set(condition.of.flatMap(fieldsOf))];
    case "not":
      return fieldsOf(condition.of);
    default:
      return [fieldName(condition)];
  }
}

type Leaf = Exclude<Condition, { readonly kind: "all" | "any" | "not" | "always" }>;

function compileLeaf(leaf: Leaf): Program {
  const fields = [fieldName(leaf)];
  return { holds: leafTest(leaf), differing: () => fields };
}

function fieldName(condition: Condition): string {
  return condition.kind === "header" ? `header ${condition.header.name}` : condition.kind;
}

function leafTest(leaf: Leaf): (facts: PolicyFacts) => boolean {
  switch (leaf.kind) {
    case "principal":
      return optional(compileStringMatch(leaf.match), (facts) => facts.principal);
    case "namespace":
      return optional(compileStringMatch(leaf.match), (facts) => facts.namespace);
    case "method": {
      const test = compileStringMatch(leaf.match);
      return (facts) => test(facts.method);
    }
    case "path": {
      const { match } = leaf;
      const test =
        match.kind === "template" ? compilePathTemplate(match.value) : compileStringMatch(match);
      return (facts) => test(facts.path);
    }
    case "host":
      return hostTest(leaf.match);
    case "header":
      return compileHeaderMatch(leaf.header);
    case "destination-port":
      return (facts) => facts.destinationPort === leaf.port;
    case "source-ip": {
      const test = compileIpBlock(leaf.cidr);
      return (facts) => test(facts.sourceIp);
    }
  }
}

function optional(
  test: StringTest,
  read: (facts: PolicyFacts) => string | undefined,
): (facts: PolicyFacts) => boolean {
  return (facts) => {
    const value = read(facts);
    return value !== undefined && test(value);
  };
}

/** The authority is lower case already; what it is compared with becomes so here. */
function hostTest(
  match: Extract<Condition, { readonly kind: "host" }>["match"],
): (facts: PolicyFacts) => boolean {
  const folded =
    match.kind === "present" || match.kind === "regex"
      ? match
      : { ...match, value: match.value.toLowerCase() };
  const test = compileStringMatch(folded);
  return (facts) => test(facts.authority);
}
