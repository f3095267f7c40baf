import type { AuthorizationPolicy } from "#resources/authorization-policy/authorization-policy.ts";
import type { DestinationRule } from "#resources/destination-rule/destination-rule.ts";
import type { ServiceEndpoints } from "#resources/endpoint-slice/endpoint-slice.ts";
import { defaultMeshConfig, type MeshConfig } from "#resources/mesh-config/mesh-config.ts";
import { readMeshConfig } from "#resources/mesh-config/read.ts";
import type { PeerAuthentication } from "#resources/peer-authentication/peer-authentication.ts";
import type { Resource } from "#resources/resource.ts";
import type { TrafficSplit } from "#resources/traffic-split/traffic-split.ts";
import type { VirtualService } from "#resources/virtual-service/virtual-service.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";
import {
  emptyLists,
  type Replacement,
  reindex,
  type SortedLists,
} from "../incremental/sorted-lists.ts";
import type { World } from "../world.ts";
import type { DeclaredService } from "./declared-service.ts";
import {
  byAddress,
  byDestination,
  byHost,
  byLabels,
  byNamespace,
  byNamespaceUnlessDryRun,
  byRoot,
  bySelector,
  byService,
  bySourceLabel,
  byTier,
  byVirtualHost,
  byWildcard,
} from "./indexings.ts";
import {
  authorizationPolicyKinds,
  changedItems,
  destinationRuleKinds,
  endpointKinds,
  peerAuthenticationKinds,
  serviceKinds,
  trafficSplitKinds,
  virtualServiceKinds,
  workloadKinds,
} from "./read-object.ts";

/** A world with everything found by what the compiler asks for. Immutable; the next one shares what did not change. */
export interface MeshModel {
  readonly world: World;
  readonly mesh: MeshConfig;
  /** By host. */
  readonly services: SortedLists<DeclaredService>;
  /** By IP address. */
  readonly addresses: SortedLists<DeclaredService>;
  /** By namespace and one label of the selector. */
  readonly selecting: SortedLists<DeclaredService>;
  /** By namespace and each of their labels. */
  readonly workloads: SortedLists<WorkloadEntry>;
  /** By `namespace/service`. */
  readonly endpoints: SortedLists<ServiceEndpoints>;
  /** By host, wildcards as they are written. */
  readonly virtualServices: SortedLists<VirtualService>;
  /** Those of them with a wildcard, by it. */
  readonly wildcardRules: SortedLists<VirtualService>;
  /** By host that they send to. */
  readonly senders: SortedLists<VirtualService>;
  /** By label key that their rules ask of callers. */
  readonly askingLabels: SortedLists<VirtualService>;
  /** By `namespace/host`. */
  readonly destinationRules: SortedLists<DestinationRule>;
  /** By namespace. */
  readonly destinationNamespaces: SortedLists<DestinationRule>;
  /** By host. */
  readonly trafficSplits: SortedLists<TrafficSplit>;
  /** By namespace. */
  readonly peerAuthentications: SortedLists<PeerAuthentication>;
  /** By namespace; those of a dry run are left out. */
  readonly authorizationPolicies: SortedLists<AuthorizationPolicy>;
}

/** What is different between two models, for finding the hosts that it concerns. */
export interface MeshChanges {
  readonly mesh: boolean;
  readonly services: readonly Replacement<DeclaredService>[];
  readonly workloads: readonly Replacement<WorkloadEntry>[];
  readonly endpoints: readonly Replacement<ServiceEndpoints>[];
  readonly virtualServices: readonly Replacement<VirtualService>[];
  readonly destinationRules: readonly Replacement<DestinationRule>[];
  readonly trafficSplits: readonly Replacement<TrafficSplit>[];
  readonly peerAuthentications: readonly Replacement<PeerAuthentication>[];
  readonly authorizationPolicies: readonly Replacement<AuthorizationPolicy>[];
}

export function emptyModel(world: World): MeshModel {
  return {
    world,
    mesh: defaultMeshConfig,
    services: emptyLists(),
    addresses: emptyLists(),
    selecting: emptyLists(),
    workloads: emptyLists(),
    endpoints: emptyLists(),
    virtualServices: emptyLists(),
    wildcardRules: emptyLists(),
    senders: emptyLists(),
    askingLabels: emptyLists(),
    destinationRules: emptyLists(),
    destinationNamespaces: emptyLists(),
    trafficSplits: emptyLists(),
    peerAuthentications: emptyLists(),
    authorizationPolicies: emptyLists(),
  };
}

/** The model of `world`, made from any other model of the same mesh. */
export function advanceModel(
  model: MeshModel,
  world: World,
): { readonly model: MeshModel; readonly changes: MeshChanges } {
  const between = <T>(kinds: Parameters<typeof changedItems<T>>[2]): readonly Replacement<T>[] =>
    changedItems(model.world, world, kinds);
  const mesh = meshConfigOf(world);
  const changes: MeshChanges = {
    mesh: mesh !== model.mesh || world.trustDomain !== model.world.trustDomain,
    services: between(serviceKinds),
    workloads: between(workloadKinds),
    endpoints: between(endpointKinds),
    virtualServices: between(virtualServiceKinds),
    destinationRules: between(destinationRuleKinds),
    trafficSplits: between(trafficSplitKinds),
    peerAuthentications: between(peerAuthenticationKinds),
    authorizationPolicies: between(authorizationPolicyKinds),
  };
  return { model: applyChanges(model, world, mesh, changes), changes };
}

function applyChanges(
  model: MeshModel,
  world: World,
  mesh: MeshConfig,
  changes: MeshChanges,
): MeshModel {
  const { services, virtualServices } = changes;
  return {
    world,
    mesh,
    services: reindex(model.services, byHost, services),
    addresses: reindex(model.addresses, byAddress, services),
    selecting: reindex(model.selecting, bySelector, services),
    workloads: reindex(model.workloads, byLabels, changes.workloads),
    endpoints: reindex(model.endpoints, byService, changes.endpoints),
    virtualServices: reindex(model.virtualServices, byVirtualHost, virtualServices),
    wildcardRules: reindex(model.wildcardRules, byWildcard, virtualServices),
    senders: reindex(model.senders, byDestination, virtualServices),
    askingLabels: reindex(model.askingLabels, bySourceLabel, virtualServices),
    destinationRules: reindex(model.destinationRules, byTier, changes.destinationRules),
    destinationNamespaces: reindex(
      model.destinationNamespaces,
      byNamespace,
      changes.destinationRules,
    ),
    trafficSplits: reindex(model.trafficSplits, byRoot, changes.trafficSplits),
    peerAuthentications: reindex(
      model.peerAuthentications,
      byNamespace,
      changes.peerAuthentications,
    ),
    authorizationPolicies: reindex(
      model.authorizationPolicies,
      byNamespaceUnlessDryRun,
      changes.authorizationPolicies,
    ),
  };
}

const meshConfigs = new WeakMap<Resource, MeshConfig>();

function meshConfigOf(world: World): MeshConfig {
  const object = world.objects("meshconfigs.weft.dev").get("default");
  if (object === undefined) return defaultMeshConfig;
  const mesh = meshConfigs.get(object) ?? readMeshConfig(object);
  meshConfigs.set(object, mesh);
  return mesh;
}
