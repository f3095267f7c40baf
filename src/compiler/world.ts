import type { Resource } from "#resources/resource.ts";
import { PersistentMap } from "./incremental/persistent-map.ts";
import { sameJson } from "./same-json.ts";

/** `<plural>.<group>`, or `<plural>` for core: as `kindKey` of the resources and the store name kinds. */
export type KindKey = string;

export interface WorldSettings {
  readonly trustDomain: string;
  /** PEM certificates of the trust bundle; every proxy gets them as the secret `ROOTCA`. */
  readonly roots: readonly string[];
}

/**
 * All resources at one moment, immutable. Status, managed fields, resource versions and annotations without a meaning
 * for the mesh are not in it, so that nobody can compile from them.
 */
export interface World extends WorldSettings {
  /** By `objectKey`. */
  objects(kind: KindKey): PersistentMap<Resource>;
}

export interface WorldChange {
  readonly kind: KindKey;
  readonly key: string;
  /** Absent: the object is gone. */
  readonly object?: Resource | undefined;
}

/** Kinds that have a say in what proxies run; objects of any other are not kept. */
const compiledKinds: readonly KindKey[] = [
  "services",
  "endpoints",
  "endpointslices.discovery.k8s.io",
  "meshconfigs.weft.dev",
  "virtualservices.networking.istio.io",
  "destinationrules.networking.istio.io",
  "serviceentries.networking.istio.io",
  "workloadentries.networking.istio.io",
  "peerauthentications.security.istio.io",
  "authorizationpolicies.security.istio.io",
  "trafficsplits.split.smi-spec.io",
];

const meaningfulAnnotations = [
  "weft.dev/inbound",
  "networking.istio.io/exportTo",
  "istio.io/dry-run",
];

type Objects = ReadonlyMap<KindKey, PersistentMap<Resource>>;

/** Key of an object within its kind: `ns/name`, or `name` for a cluster-scoped kind. */
export function objectKey(object: Resource): string {
  const { namespace = "", name } = object.metadata;
  return namespace === "" ? name : `${namespace}/${name}`;
}

export function emptyWorld(settings: WorldSettings): World {
  return makeWorld(settings, new Map());
}

/** The world after these changes; the same world when nothing that the compiler reads is different. */
export function withChanges(world: World, changes: readonly WorldChange[]): World {
  const byKind = new Map<KindKey, Map<string, Resource | undefined>>();
  for (const { kind, key, object } of changes) {
    if (!compiledKinds.includes(kind)) continue;
    const entries = byKind.get(kind) ?? new Map<string, Resource | undefined>();
    byKind.set(kind, entries.set(key, object && keepMeaning(object)));
  }
  const objects = new Map<KindKey, PersistentMap<Resource>>();
  let isSame = true;
  for (const kind of compiledKinds) {
    const before = world.objects(kind);
    const after = before.with(realChanges(before, byKind.get(kind) ?? []));
    isSame &&= before === after;
    objects.set(kind, after);
  }
  return isSame ? world : makeWorld(world, objects);
}

function makeWorld({ trustDomain, roots }: WorldSettings, objects: Objects): World {
  const none = PersistentMap.empty<Resource>();
  return { trustDomain, roots, objects: (kind) => objects.get(kind) ?? none };
}

function* realChanges(
  before: PersistentMap<Resource>,
  changes: Iterable<readonly [string, Resource | undefined]>,
): Generator<readonly [string, Resource | undefined]> {
  for (const [key, object] of changes) {
    const known = before.get(key);
    if (known === undefined || object === undefined || !sameJson(known, object))
      yield [key, object];
  }
}

function keepMeaning(object: Resource): Resource {
  const { status: _, metadata, ...wanted } = object;
  const { name, namespace, generation, creationTimestamp, labels, annotations } = metadata;
  const meaning = Object.entries(annotations ?? {}).filter(([key]) =>
    meaningfulAnnotations.includes(key),
  );
  return {
    ...wanted,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(generation !== undefined && { generation }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(labels !== undefined && { labels }),
      ...(meaning.length > 0 && { annotations: Object.fromEntries(meaning) }),
    },
  };
}
