import type { AuthorizationPolicy } from "#resources/authorization-policy/authorization-policy.ts";
import { readAuthorizationPolicy } from "#resources/authorization-policy/read.ts";
import { readDestinationRule } from "#resources/destination-rule/read.ts";
import { readEndpointSlice } from "#resources/endpoint-slice/read.ts";
import { readEndpoints } from "#resources/endpoints/read.ts";
import { identityOf } from "#resources/identity.ts";
import type { PeerAuthentication } from "#resources/peer-authentication/peer-authentication.ts";
import { readPeerAuthentication } from "#resources/peer-authentication/read.ts";
import type { Resource } from "#resources/resource.ts";
import { readService } from "#resources/service/read.ts";
import { readServiceEntry } from "#resources/service-entry/read.ts";
import { readTrafficSplit } from "#resources/traffic-split/read.ts";
import { readVirtualService } from "#resources/virtual-service/read.ts";
import { readWorkloadEntry } from "#resources/workload-entry/read.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import type { Replacement } from "../incremental/sorted-lists.ts";
import type { KindKey, World } from "../world.ts";
import { type DeclaredService, declareService, declareServiceEntry } from "./declared-service.ts";

type Read<T> = (object: Resource) => readonly T[];

/**
 * Reads an object into the items that are indexed, once per object. An object that cannot be read (a store that was
 * written behind admission's back) does not take the whole mesh with it: `unreadable` says what it counts as.
 */
function readOnce<T>(read: Read<T>, unreadable: Read<T>): Read<T> {
  const known = new WeakMap<Resource, readonly T[]>();
  return (object) => {
    const before = known.get(object);
    if (before !== undefined) return before;
    const items = attempt(read, object) ?? unreadable(object);
    known.set(object, items);
    return items;
  };
}

function attempt<T>(read: Read<T>, object: Resource): readonly T[] | undefined {
  try {
    return read(object);
  } catch {
    // Admission tells users what is wrong with an object; here the only question is how to go on without it.
    return undefined;
  }
}

interface ReadKind<T> {
  readonly kind: KindKey;
  readonly read: Read<T>;
}

const nothing = (): readonly never[] => [];

function kind<T>(key: KindKey, read: Read<T>, unreadable: Read<T> = nothing): ReadKind<T> {
  return { kind: key, read: readOnce(read, unreadable) };
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
  kind(
    "peerauthentications.security.istio.io",
    (object) => [readPeerAuthentication(object)],
    strict,
  ),
];

export const authorizationPolicyKinds = [
  kind(
    "authorizationpolicies.security.istio.io",
    (object) => [readAuthorizationPolicy(object)],
    allowNothing,
  ),
];

// Security fails closed: what a policy wanted to forbid is not known, so everything in its reach is forbidden.
function strict(object: Resource): readonly PeerAuthentication[] {
  return [{ object: identityOf(object), mode: "strict", portLevel: [] }];
}

function allowNothing(object: Resource): readonly AuthorizationPolicy[] {
  return [{ object: identityOf(object), action: "allow", rules: [] }];
}

/** What is different between two worlds, as items; worlds that share most objects are compared quickly. */
export function changedItems<T>(
  before: World,
  after: World,
  kinds: readonly ReadKind<T>[],
): readonly Replacement<T>[] {
  return kinds.flatMap(({ kind, read }) =>
    after
      .objects(kind)
      .changesSince(before.objects(kind))
      .flatMap(([, was, is]) => [
        ...(was === undefined ? [] : read(was)).map((item) => ({ before: item, after: undefined })),
        ...(is === undefined ? [] : read(is)).map((item) => ({ before: undefined, after: item })),
      ]),
  );
}
