// One rule of an AuthorizationPolicy as Envoy's RBAC principal. The tree itself travels beside it as JSON in our
// metadata, because several of its leaves (namespace, template, the workload's own port) have no field in Envoy.
import type { Condition } from "#config/authorization.ts";
import type { StringMatch } from "#config/string-match.ts";
import { fromConditionJson } from "./condition-json.ts";
import type { Principal } from "./generated/envoy/config/rbac/v3/rbac.ts";
import { parseJson } from "./metadata.ts";
import { toHeaderMatcher, toStringMatcher } from "./string-match.ts";

type Match = { readonly kind: "present" } | StringMatch;

export const always: Principal = { identifier: { $case: "any", value: true } };
const never: Principal = { identifier: { $case: "notId", value: always } };

/** `workloadPort` is the port that the listener stands for, which decides `destination-port` leaves. */
export function toPrincipal(condition: Condition, workloadPort: number): Principal {
  switch (condition.kind) {
    case "all":
      return toSet("andIds", condition.of, workloadPort);
    case "any":
      return toSet("orIds", condition.of, workloadPort);
    case "not":
      return { identifier: { $case: "notId", value: toPrincipal(condition.of, workloadPort) } };
    case "always":
      return always;
    case "destination-port":
      return condition.port === workloadPort ? always : never;
    default:
      return toLeaf(condition);
  }
}

/** Envoy refuses empty sets: all of nothing is true, any of nothing is false. */
function toSet($case: "andIds" | "orIds", of: readonly Condition[], port: number): Principal {
  if (of.length === 0) return $case === "andIds" ? always : never;
  return { identifier: { $case, value: { ids: of.map((each) => toPrincipal(each, port)) } } };
}

type Leaf = Exclude<
  Condition,
  { readonly kind: "all" | "any" | "not" | "always" | "destination-port" }
>;

function toLeaf(leaf: Leaf): Principal {
  switch (leaf.kind) {
    case "principal":
      return authenticated(inPrincipal(leaf.match));
    case "namespace":
      return authenticated({ kind: "regex", value: namespacePattern(leaf.match) });
    case "method":
      return header(":method", leaf.match);
    case "host":
      return header(":authority", ignoringCase(leaf.match));
    case "path":
      return path(leaf.match);
    case "header":
      return { identifier: { $case: "header", value: toHeaderMatcher(leaf.header) } };
    case "source-ip":
      return { identifier: { $case: "directRemoteIp", value: toCidr(leaf.cidr) } };
  }
}

function authenticated(match: Match): Principal {
  const principalName = match.kind === "present" ? undefined : toStringMatcher(match);
  return { identifier: { $case: "authenticated", value: { principalName } } };
}

/** Ours leave `spiffe://` out, Envoy's compare the whole URI. */
function inPrincipal(match: Match): Match {
  if (match.kind === "exact" || match.kind === "prefix")
    return { ...match, value: `spiffe://${match.value}` };
  return match.kind === "regex" ? { kind: "regex", value: `spiffe://(?:${match.value})` } : match;
}

function namespacePattern(match: Match): string {
  if (match.kind === "present") return "spiffe://[^/]+/ns/[^/]+/.*";
  if (match.kind === "regex") return `spiffe://[^/]+/ns/(?:${match.value})/.*`;
  const text = escapeRegex(match.value);
  const before = match.kind === "suffix" || match.kind === "contains" ? "[^/]*" : "";
  const after = match.kind === "prefix" || match.kind === "contains" ? "[^/]*" : "";
  const name = match.ignoreCase === true ? `(?i:${text})` : text;
  return `spiffe://[^/]+/ns/${before}${name}${after}/.*`;
}

function path(match: Match | { readonly kind: "template"; readonly value: string }): Principal {
  if (match.kind === "present") return always; // every request has one
  const matcher = toStringMatcher(
    match.kind === "template" ? { kind: "regex", value: templatePattern(match.value) } : match,
  );
  return { identifier: { $case: "urlPath", value: { rule: { $case: "path", value: matcher } } } };
}

function templatePattern(template: string): string {
  return template
    .split(/(\{\*\*\}|\{\*\})/)
    .map((part) => ({ "{*}": "[^/]+", "{**}": ".*" })[part] ?? escapeRegex(part))
    .join("");
}

function header(name: string, match: Match): Principal {
  const matcher = toHeaderMatcher({ name, match, invert: false });
  return { identifier: { $case: "header", value: matcher } };
}

function ignoringCase(match: Match): Match {
  if (match.kind === "present") return match;
  if (match.kind === "regex") return { kind: "regex", value: `(?i:${match.value})` };
  return { ...match, ignoreCase: true };
}

function toCidr(cidr: string): { addressPrefix: string; prefixLen: number } {
  const [addressPrefix = "", length] = cidr.split("/");
  const whole = addressPrefix.includes(":") ? 128 : 32;
  return { addressPrefix, prefixLen: length === undefined ? whole : Number(length) };
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

export function toConditionText(condition: Condition): string {
  return JSON.stringify(condition);
}

export function fromConditionText(text: unknown): Condition {
  return fromConditionJson(parseJson(text));
}
