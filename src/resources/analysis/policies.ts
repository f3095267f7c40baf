import type { ServiceAccountRef, Source } from "../authorization-policy/authorization-policy.ts";
import { readAuthorizationPolicy } from "../authorization-policy/read.ts";
import { olderFirst } from "../identity.ts";
import type { LabelSet, ValueMatch } from "../matching.ts";
import { rootNamespace } from "../mesh-config/mesh-config.ts";
import type { PeerAuthentication } from "../peer-authentication/peer-authentication.ts";
import { readPeerAuthentication } from "../peer-authentication/read.ts";
import type { Resource } from "../resource.ts";
import type { Analysis, Lister, MeshFacts } from "./lister.ts";
import { missingAccount, missingNamespace } from "./missing.ts";
import { unmatchedSelector } from "./workloads.ts";

export function analysePeerAuthentication(object: Resource, lister: Lister): Analysis {
  const policy = readPeerAuthentication(object);
  const { namespace } = policy.object;
  return {
    issues: [],
    warnings: [
      ...unmatchedSelector(lister, policy.selector, namespace, "spec.selector"),
      ...olderTwins(policy, lister),
    ],
  };
}

/** Of several policies for the same workloads the oldest holds. */
function olderTwins(policy: PeerAuthentication, lister: Lister): readonly string[] {
  const { namespace, name, createdAt } = policy.object;
  const [first] = lister
    .list("peerauthentications.security.istio.io", namespace)
    .filter(({ metadata }) => metadata.name !== name)
    .map(readPeerAuthentication)
    .filter((other) => sameLabels(other.selector, policy.selector))
    .filter((other) => createdAt === "" || olderFirst(other.object, policy.object) < 0)
    .sort((a, b) => olderFirst(a.object, b.object));
  if (first === undefined) return [];
  const scope =
    policy.selector === undefined ? `all of namespace ${namespace}` : "the same workloads";
  return [
    `spec does nothing: PeerAuthentication ${namespace}/${first.object.name} is for ${scope} too, and it is older`,
  ];
}

function sameLabels(a: LabelSet = {}, b: LabelSet = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

export function analyseAuthorizationPolicy(
  object: Resource,
  lister: Lister,
  facts: MeshFacts,
): Analysis {
  const { selector, rules, object: identity } = readAuthorizationPolicy(object);
  const scope = identity.namespace === rootNamespace ? undefined : identity.namespace;
  const sources = rules.flatMap(({ from }, i) =>
    from.flatMap((source, j) =>
      analyseSource(source, `spec.rules[${i}].from[${j}].source`, lister, facts),
    ),
  );
  const warnings = [...unmatchedSelector(lister, selector, scope, "spec.selector"), ...sources];
  return { issues: [], warnings };
}

function analyseSource(
  source: Source,
  path: string,
  lister: Lister,
  facts: MeshFacts,
): readonly string[] {
  const accounts = (refs: readonly ServiceAccountRef[], field: string): readonly string[] =>
    refs.flatMap(({ namespace, name }, i) =>
      missingAccount(lister, namespace, name, `${path}.${field}[${i}]`),
    );
  return [
    ...source.principals.flatMap((principal, i) =>
      analysePrincipal(principal, `${path}.principals[${i}]`, lister, facts),
    ),
    ...source.namespaces.flatMap((match, i) =>
      match.kind === "exact"
        ? missingNamespace(lister, match.value, `${path}.namespaces[${i}]`)
        : [],
    ),
    ...accounts(source.serviceAccounts, "serviceAccounts"),
  ];
}

/** Istio's own name of a mesh's trust domain, whatever it is. */
const ownTrustDomain = "cluster.local";

function analysePrincipal(
  principal: ValueMatch,
  path: string,
  lister: Lister,
  { trustDomain }: MeshFacts,
): readonly string[] {
  if (principal.kind !== "exact") return [];
  const [, domain = "", namespace = "", account = ""] =
    /^([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(principal.value) ?? [];
  if (account === "")
    return [
      `${path} never matches: identities have the form <trust domain>/ns/<namespace>/sa/<account>, and this is "${principal.value}"`,
    ];
  if (trustDomain !== undefined && domain !== trustDomain && domain !== ownTrustDomain)
    return [`${path}: ${domain} is not the trust domain of this mesh, which is ${trustDomain}`];
  return missingAccount(lister, namespace, account, path);
}
