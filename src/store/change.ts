import type { Resource } from "#resources/resource.ts";
import type { ObjectKey } from "./store.ts";

/** One committed write. `object` carries the revision as its resource version, also when it was deleted. */
export interface Change {
  readonly revision: number;
  readonly type: "added" | "modified" | "deleted";
  readonly key: ObjectKey;
  readonly object: Resource;
  readonly previous?: Resource;
}

/** The part of a key that orders objects within a kind. Neither part may hold a slash. */
export function pathOf(key: ObjectKey): string {
  return `${key.namespace}/${key.name}`;
}

export function describeKey(key: ObjectKey): string {
  return key.namespace === "" ? `${key.kind} ${key.name}` : `${key.kind} ${pathOf(key)}`;
}

/** A copy that carries the revision, frozen to its leaves, since everybody who reads it shares it. */
export function stamped(object: Resource, revision: number): Resource {
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return freeze({ ...object, metadata });
}

export function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}
