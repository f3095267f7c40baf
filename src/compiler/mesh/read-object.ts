import { readAuthorizationPolicy } from "#resources/authorization-policy/read.ts";
import { readDestinationRule } from "#resources/destination-rule/read.ts";
import { readEndpointSlice } from "#resources/endpoint-slice/read.ts";
import { readEndpoints } from "#resources/endpoints/read.ts";
import { readPeerAuthentication } from "#resources/peer-authentication/read.ts";
import type { Resource } from "#resources/resource.ts";
import { readService } from "#resources/service/read.ts";
import { readServiceEntry } from "#resources/service-entry/read.ts";
import { readTrafficSplit } from "#resources/traffic-split/read.ts";
import { readVirtualService } from "#resources/virtual-service/read.ts";
import { readWorkloadEntry } from "#resources/workload-entry/read.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import type { PersistentMap } from "../incremental/persistent-map.ts";
import type { Replacement } from "../incremental/sorted-lists.ts";
import type { KindKey, World } from "../world.ts";
import { type DeclaredService, declareService, declareServiceEntry } from "./declared-service.ts";

/**
 * Reads an object into the items that are indexed, once per object. An object that cannot be read (a store that was
 * written behind admission's back) takes part in nothing rather than taking the whole mesh with it.
 */
function readOnce<T>(read: (object: Resource) => readonly T[]): (object: Resource) => readonly T[] {
  const known = new WeakMap<Resource, readonly T[]>();
  return (object) => {
    const before = known.get(object);
    if (before !== undefined) return before;
    const items = attempt(() => read(object));
    known.set(object, items);
    return items;
  };
}

function attempt<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

interface ReadKind<T> {
  readonly kind: KindKey;
  readonly read: (object: Resource) => readonly T[];
}

function kind<T>(key: KindKey, read: (object: Resource) => readonly T[]): ReadKind<T> {
  return { kind: key, read: readOnce(read) };
}

export const serviceKinds: readonly ReadKind<DeclaredService>[] = [
  kind("services", (object) => declareService(readService(object))),
  kind("serviceentries.networking.istio.io", (object) =>
    declareServiceEntry(readServiceEntry(object)),
  ),
];

export const endpointKinds = [
  kind("endpoints", (object) => [readEndpoints(object)]),
  kind("endpointslices.discovery.k8s.io", (object) => [readEndpointSlice(object)]),
];

const workloads = kind("workloadentries.networking.istio.io", (object) => [
  readWorkloadEntry(object),
]);

export const workloadKinds = [workloads];

export function readWorkload(object: Resource): WorkloadEntry | undefined {
  return workloads.read(object)[0];
}

export const virtualServiceKinds = [
  kind("virtualservices.networking.istio.io", (object) => [readVirtualService(object)]),
];

export const destinationRuleKinds = [
  kind("destinationrules.networking.istio.io", (object) => [readDestinationRule(object)]),
];

export const trafficSplitKinds = [
  kind("trafficsplits.split.smi-spec.io", (object) => [readTrafficSplit(object)]),
];

export const peerAuthenticationKinds = [
  kind("peerauthentications.security.istio.io", (object) => [readPeerAuthentication(object)]),
];

export const authorizationPolicyKinds = [
  kind("authorizationpolicies.security.istio.io", (object) => [readAuthorizationPolicy(object)]),
];

/** What is different between two worlds, as items; worlds that share most objects are compared quickly. */
export function changedItems<T>(
  before: World,
  after: World,
  kinds: readonly ReadKind<T>[],
): readonly Replacement<T>[] {
  return kinds.flatMap(({ kind, read }) =>
    [...changedObjects(before.objects(kind), after.objects(kind))].flatMap(([was, is]) => [
      ...(was === undefined ? [] : read(was)).map((item) => ({ before: item, after: undefined })),
      ...(is === undefined ? [] : read(is)).map((item) => ({ before: undefined, after: item })),
    ]),
  );
}

function* changedObjects(
  before: PersistentMap<Resource>,
  after: PersistentMap<Resource>,
): Generator<readonly [Resource | undefined, Resource | undefined]> {
  for (const [, was, is] of after.changesSince(before)) yield [was, is];
}
