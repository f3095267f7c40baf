import type { DestinationRule } from "#resources/destination-rule/destination-rule.ts";
import type { ServiceEndpoints } from "#resources/endpoint-slice/endpoint-slice.ts";
import { type ObjectIdentity, olderFirst } from "#resources/identity.ts";
import type { LabelSet } from "#resources/matching.ts";
import type { TrafficSplit } from "#resources/traffic-split/traffic-split.ts";
import { destinationHosts } from "#resources/virtual-service/destination-hosts.ts";
import type { VirtualService } from "#resources/virtual-service/virtual-service.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import type { Indexing } from "../incremental/sorted-lists.ts";
import type { DeclaredService } from "./declared-service.ts";
import { labelKeys, labelsOf } from "./labels.ts";

/** How the compiler looks for each kind of object. Every order is total, so that no list shows the order of arrival. */

interface Item {
  readonly object: ObjectIdentity;
}

const oldest = (a: Item, b: Item): number => olderFirst(a.object, b.object);

/** Services before ServiceEntries: a cluster's own name for itself wins. */
const declaredFirst = (a: DeclaredService, b: DeclaredService): number =>
  Number(a.object.kind !== "Service") - Number(b.object.kind !== "Service") ||
  oldest(a, b) ||
  (a.host < b.host ? -1 : 1);

const byName = ({ object: a }: Item, { object: b }: Item): number => {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.kind < b.kind ? -1 : 1;
};

export const byHost: Indexing<DeclaredService> = {
  keysOf: ({ host }) => [host],
  compare: declaredFirst,
};

export const byAddress: Indexing<DeclaredService> = {
  keysOf: ({ addresses }) => addresses,
  compare: declaredFirst,
};

// One label is enough to be found by: whoever looks has all the labels, and compares the rest.
export const bySelector: Indexing<DeclaredService> = {
  keysOf: ({ selectorKeys }) => selectorKeys.slice(0, 1),
  compare: declaredFirst,
};

export const byLabels: Indexing<WorkloadEntry> = {
  keysOf: (entry) => labelKeys(entry.object.namespace, labelsOf(entry)),
  compare: byName,
};

export const byService: Indexing<ServiceEndpoints> = {
  keysOf: ({ object, service }) => [`${object.namespace}/${service}`],
  compare: byName,
};

export const byVirtualHost: Indexing<VirtualService> = {
  keysOf: ({ hosts }) => hosts,
  compare: oldest,
};

export const byWildcard: Indexing<VirtualService> = {
  keysOf: ({ hosts }) => hosts.filter((host) => host.startsWith("*")),
  compare: oldest,
};

export const byDestination: Indexing<VirtualService> = {
  keysOf: (rule) => destinationHosts(rule),
  compare: oldest,
};

export const bySourceLabel: Indexing<VirtualService> = {
  keysOf: ({ http, tls, tcp }) =>
    [...http, ...tls, ...tcp].flatMap(({ match }) =>
      match.flatMap(({ sourceLabels }: { readonly sourceLabels: LabelSet }) =>
        Object.keys(sourceLabels),
      ),
    ),
  compare: oldest,
};

export const byTier: Indexing<DestinationRule> = {
  keysOf: ({ object, host }) => [`${object.namespace}/${host}`],
  compare: oldest,
};

export const byRoot: Indexing<TrafficSplit> = {
  keysOf: ({ service }) => [service],
  compare: oldest,
};

export const byNamespace: Indexing<Item> = {
  keysOf: ({ object }) => [object.namespace],
  compare: oldest,
};

export const byNamespaceUnlessDryRun: Indexing<Item> = {
  keysOf: ({ object }) =>
    object.annotations["istio.io/dry-run"] === "true" ? [] : [object.namespace],
  compare: oldest,
};
