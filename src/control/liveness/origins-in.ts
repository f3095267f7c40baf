import type { Origin } from "#config/origin.ts";
import { type ConfigResource, configTypes, type Snapshot } from "#config/snapshot.ts";
import { toldKinds } from "./told-kinds.ts";

/** `Kind namespace/name` of a user's object. */
export type ObjectId = string;

export const objectId = (kind: string, namespace: string, name: string): ObjectId =>
  `${kind} ${namespace}/${name}`;

const told = new Set(toldKinds.map(({ kind }) => kind));
/** Of most pieces and maps in a mesh of many services and few rules. */
const none: ReadonlySet<ObjectId> = new Set();

/** Which objects a piece of configuration comes from. Pieces are shared and immutable, so each is walked once. */
const known = new WeakMap<object, ReadonlySet<ObjectId>>();

/** The same for all pieces of a type together: proxies share these maps, and a change replaces one or two of them. */
const knownMaps = new WeakMap<object, ReadonlySet<ObjectId>>();

/** Every object that has a say in this configuration, of the kinds whose status tells of it. */
export function originsIn(snapshot: Snapshot): ReadonlySet<ObjectId> {
  const all = new Set<ObjectId>();
  for (const type of configTypes) for (const id of originsOfAll(snapshot[type])) all.add(id);
  return all;
}

function originsOfAll(resources: ReadonlyMap<string, ConfigResource>): ReadonlySet<ObjectId> {
  const before = knownMaps.get(resources);
  if (before) return before;
  const found = new Set<ObjectId>();
  for (const resource of resources.values()) for (const id of originsOf(resource)) found.add(id);
  return remember(knownMaps, resources, found);
}

function originsOf(resource: { readonly value: unknown }): ReadonlySet<ObjectId> {
  const before = known.get(resource);
  if (before) return before;
  const found = new Set<ObjectId>();
  walk(resource.value, found);
  return remember(known, resource, found);
}

function remember(
  memory: WeakMap<object, ReadonlySet<ObjectId>>,
  subject: object,
  found: ReadonlySet<ObjectId>,
): ReadonlySet<ObjectId> {
  const kept = found.size === 0 ? none : found;
  memory.set(subject, kept);
  return kept;
}

function walk(value: unknown, found: Set<ObjectId>): void {
  if (typeof value !== "object" || value === null) return;
  if (isOrigin(value)) {
    if (told.has(value.kind)) found.add(objectId(value.kind, value.namespace, value.name));
    return;
  }
  for (const part of Object.values(value)) walk(part, found);
}

const isOrigin = (value: object): value is Origin =>
  "generation" in value && "kind" in value && "namespace" in value && "name" in value;
