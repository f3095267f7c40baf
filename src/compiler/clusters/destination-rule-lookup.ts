import type {
  DestinationRule,
  Subset,
  TrafficPolicy,
} from "#resources/destination-rule/destination-rule.ts";
import { isExportedTo } from "#resources/export-to.ts";
import type { ObjectIdentity } from "#resources/identity.ts";
import { rootNamespace } from "#resources/mesh-config/mesh-config.ts";
import { InputMemo } from "../incremental/input-memo.ts";
import { narrowest } from "../mesh/host-rules.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import type { MeshService } from "../mesh/mesh-service.ts";

/** All rules of one namespace for one host, as one; the parts know whose they are. */
export interface DestinationSettings {
  readonly policy?: Written<TrafficPolicy>;
  readonly subsets: readonly Written<Subset>[];
}

export interface Written<T> {
  readonly value: T;
  readonly object: ObjectIdentity;
  /** Field path inside the object. */
  readonly rule: string;
}

const noSettings: DestinationSettings = { subsets: [] };

/**
 * The rules that hold for a client and a service: of the client's namespace, else of the service's, else of the root
 * namespace. The first with a rule decides alone; within it the narrowest host does. The same object as long as the
 * rules are the same.
 */
export function destinationSettings(
  model: MeshModel,
  service: MeshService,
  clientNamespace: string,
): DestinationSettings {
  const visible = (rules: readonly DestinationRule[]): DestinationSettings | undefined =>
    combine(rules.filter(({ exportTo }) => isExportedTo(exportTo, clientNamespace)));
  for (const namespace of [clientNamespace, service.namespace, rootNamespace]) {
    const inNamespace = model.destinationNamespaces.get(namespace);
    if (inNamespace === undefined) continue;
    const rules = {
      lists: model.destinationRules,
      prefix: `${namespace}/`,
      hasWildcards: inNamespace.some(({ host }) => host.startsWith("*")),
    };
    const settings = narrowest(rules, service.host, visible);
    if (settings !== undefined) return settings;
  }
  return noSettings;
}

function combine(rules: readonly DestinationRule[]): DestinationSettings | undefined {
  const [oldest] = rules;
  return oldest && merged.get(oldest, rules, () => merge(rules));
}

const merged = new InputMemo<DestinationSettings>();

/** Oldest first: the first policy is kept, subsets are added up, and a name that is taken is left alone. */
function merge(rules: readonly DestinationRule[]): DestinationSettings {
  const withPolicy = rules.find(({ trafficPolicy }) => trafficPolicy !== undefined);
  const subsets = new Map<string, Written<Subset>>();
  for (const { object, subsets: own } of rules)
    for (const [at, value] of own.entries())
      if (!subsets.has(value.name))
        subsets.set(value.name, { value, object, rule: `spec.subsets[${at}]` });
  return {
    ...(withPolicy?.trafficPolicy !== undefined && {
      policy: {
        value: withPolicy.trafficPolicy,
        object: withPolicy.object,
        rule: "spec.trafficPolicy",
      },
    }),
    subsets: [...subsets.values()],
  };
}
