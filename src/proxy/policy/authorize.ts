import type { Authorization, Condition, Policy } from "#config/authorization.ts";
import { compileCondition, type Program } from "./compile-condition.ts";
import type { PolicyFacts } from "./policy-facts.ts";

interface Rule extends Program {
  readonly policy: Policy;
}

/** All policies of one listener, ready to be asked. */
export interface CompiledAuthorization {
  readonly deny: readonly Rule[];
  /** Undefined: what is not denied is allowed. */
  readonly allow: readonly Rule[] | undefined;
}

/** Why a request is refused. */
export interface Denial {
  /** Name of the DENY rule that matched; undefined: no ALLOW rule did. */
  readonly policy: Policy | undefined;
  /** For the access log: `rbac_access_denied_matched_policy[…]`. */
  readonly details: string;
}

/** Throws what `compileCondition` throws. */
export function compileAuthorization(authorization: Authorization): CompiledAuthorization {
  return {
    deny: authorization.deny.map(compileRule),
    allow: authorization.allow?.map(compileRule),
  };
}

function compileRule(policy: Policy): Rule {
  return { policy, ...compileCondition(policy.when) };
}

/**
 * The same policies for a connection whose content is not HTTP: a rule that asks for something of HTTP never allows, and
 * such a question is left out of a rule that denies, which so denies more.
 */
export function compileConnectionAuthorization(
  authorization: Authorization,
): CompiledAuthorization {
  const narrowed = (policies: readonly Policy[], answer: Condition): readonly Policy[] =>
    policies.map((policy) => ({ ...policy, when: withoutHttp(policy.when, answer) }));
  return compileAuthorization({
    deny: narrowed(authorization.deny, { kind: "always" }),
    ...(authorization.allow && { allow: narrowed(authorization.allow, { kind: "any", of: [] }) }),
  });
}

function withoutHttp(condition: Condition, answer: Condition): Condition {
  switch (condition.kind) {
    case "all":
    case "any":
      return { ...condition, of: condition.of.map((part) => withoutHttp(part, answer)) };
    case "not":
      return asksHttp(condition.of) ? answer : condition;
    default:
      return asksHttp(condition) ? answer : condition;
  }
}

function asksHttp(condition: Condition): boolean {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.some(asksHttp);
    case "not":
      return asksHttp(condition.of);
    default:
      return HTTP_FIELDS.has(condition.kind);
  }
}

const HTTP_FIELDS: ReadonlySet<Condition["kind"]> = new Set(["method", "path", "host", "header"]);

/** DENY first; then one ALLOW rule has to match when there are any. Undefined: allowed. */
export function authorize(rules: CompiledAuthorization, facts: PolicyFacts): Denial | undefined {
  const { deny, allow } = rules;
  for (let i = 0; i < deny.length; i++) {
    const rule = deny[i];
    if (rule?.holds(facts) === true) return denial(rule.policy);
  }
  if (allow === undefined) return undefined;
  for (let i = 0; i < allow.length; i++) if (allow[i]?.holds(facts) === true) return undefined;
  return denial(undefined);
}

function denial(policy: Policy | undefined): Denial {
  return { policy, details: `rbac_access_denied_matched_policy[${policy?.name ?? "none"}]` };
}

/** Says in words who was refused what, by which rule, or which rule came closest and the field that differed. */
export function explainDenial(
  rules: CompiledAuthorization,
  facts: PolicyFacts,
  denied: Denial,
  workload: string,
): string {
  const caller =
    facts.principal === undefined ? "an unauthenticated caller" : `spiffe://${facts.principal}`;
  const asked =
    facts.method === ""
      ? `${caller} -> port ${facts.destinationPort} on ${workload}`
      : `${caller} -> ${facts.method} ${facts.path} on ${workload}`;
  if (denied.policy !== undefined)
    return `denied: DENY rule ${ruleName(denied.policy)} matches ${asked}`;

  const checked = rules.allow ?? [];
  const count = `${checked.length} ${checked.length === 1 ? "rule" : "rules"} checked`;
  const closest = closestRule(checked, facts);
  return `denied: no ALLOW rule matches ${asked} (${count}${closest})`;
}

function closestRule(rules: readonly Rule[], facts: PolicyFacts): string {
  let best: { readonly rule: Rule; readonly fields: readonly string[] } | undefined;
  for (const rule of rules) {
    const fields = rule.differing(facts);
    if (best === undefined || fields.length < best.fields.length) best = { rule, fields };
  }
  if (best === undefined) return "";
  return `; closest: ${ruleName(best.rule.policy)}, ${best.fields.join(" and ")} mismatch`;
}

/** `payments-charge`; with the rule's place when it is not the first: `payments-charge spec.rules[1]`. */
function ruleName({ origin }: Policy): string {
  const place = origin.rule === undefined || origin.rule.endsWith("[0]") ? "" : ` ${origin.rule}`;
  return `${origin.name}${place}`;
}
