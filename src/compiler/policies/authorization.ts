import type { Authorization, Policy } from "#config/authorization.ts";
import type { AuthorizationPolicy } from "#resources/authorization-policy/authorization-policy.ts";
import type { LabelSet } from "#resources/matching.ts";
import { rootNamespace } from "#resources/mesh-config/mesh-config.ts";
import { hasLabels } from "../mesh/labels.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { originOf } from "../origin-of.ts";
import { compileRule } from "./condition.ts";

const none: readonly AuthorizationPolicy[] = [];

/** The policies that may concern workloads of a namespace, root namespace first: a union, no level wins. */
export interface NamespacePolicies {
  readonly root: readonly AuthorizationPolicy[];
  readonly own: readonly AuthorizationPolicy[];
}

export function namespacePolicies(model: MeshModel, namespace: string): NamespacePolicies {
  return {
    root: model.authorizationPolicies.get(rootNamespace) ?? none,
    own: namespace === rootNamespace ? none : (model.authorizationPolicies.get(namespace) ?? none),
  };
}

/** What holds for a workload with these labels. */
export function compileAuthorization(
  { root, own }: NamespacePolicies,
  labels: LabelSet,
  trustDomain: string,
): Authorization {
  const mine = [...root, ...own].filter(({ selector }) => hasLabels(labels, selector ?? {}));
  const allowing = mine.filter(({ action }) => action === "allow");
  const denying = mine.filter(({ action }) => action === "deny");
  return {
    deny: denying.flatMap((policy) => compilePolicy(policy, trustDomain)),
    ...(allowing.length > 0 && {
      allow: allowing.flatMap((policy) => compilePolicy(policy, trustDomain)),
    }),
  };
}

function compilePolicy(
  { object, rules }: AuthorizationPolicy,
  trustDomain: string,
): readonly Policy[] {
  return rules.map((rule, at) => ({
    name: `ns[${object.namespace}]-policy[${object.name}]-rule[${at}]`,
    origin: originOf(object, `spec.rules[${at}]`),
    when: compileRule(rule, trustDomain),
  }));
}
