import type { Resource } from "./resource.ts";

/** What a compiled piece may know of the object that it comes from. No status, no versions, no managed fields. */
export interface ObjectIdentity {
  readonly kind: string;
  /** `""` for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** RFC 3339; compares as a string. `""` when the object was never stored. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export function identityOf(object: Resource): ObjectIdentity {
  const { metadata } = object;
  return {
    kind: object.kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    generation: metadata.generation ?? 0,
    createdAt: metadata.creationTimestamp ?? "",
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
  };
}

/** Sort order of objects that tie: the oldest wins, then the name, then the namespace. */
export function olderFirst(a: ObjectIdentity, b: ObjectIdentity): number {
  return (
    compare(a.createdAt, b.createdAt) ||
    compare(a.name, b.name) ||
    compare(a.namespace, b.namespace)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
