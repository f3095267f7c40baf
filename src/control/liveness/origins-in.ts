import type { Origin } from "#config/origin.ts";
import type { Snapshot } from "#config/snapshot.ts";
import { configTypes } from "#config/snapshot.ts";

/** `Kind namespace/name` of a user's object. */
export type ObjectId = string;

export const objectId = (kind: string, namespace: string, name: string): ObjectId =>
  `${kind} ${namespace}/${name}`;

/** Which objects a piece of configuration comes from. Pieces are shared and immutable, so each is walked once. */
const known = new WeakMap<object, ReadonlySet<ObjectId>>();

/** Every object that has a say in this configuration. */
export function originsIn(snapshot: Snapshot): ReadonlySet<ObjectId> {
  const all = new Set<ObjectId>();
  for (const type of configTypes)
    for (const resource of snapshot[type].values())
      for (const id of originsOf(resource)) all.add(id);
  return all;
}

function originsOf(resource: { readonly value: unknown }): ReadonlySet<ObjectId> {
  const before = known.get(resource);
  if (before) return before;
  const found = new Set<ObjectId>();
  walk(resource.value, found);
  known.set(resource, found);
  return found;
}

function walk(value: unknown, found: Set<ObjectId>): void {
  if (typeof value !== "object" || value === null) return;
  if (isOrigin(value)) {
    found.add(objectId(value.kind, value.namespace, value.name));
    return;
  }
  for (const part of Object.values(value)) walk(part, found);
}

const isOrigin = (value: object): value is Origin =>
  "generation" in value && "kind" in value && "namespace" in value && "name" in value;
