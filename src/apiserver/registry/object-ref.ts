import type { ObjectKey } from "#store/store.ts";
import type { ServedKind } from "../kinds/served-kind.ts";

/** A collection: a kind in one of its versions and a namespace, `""` for cluster-scoped kinds. */
export interface CollectionRef {
  readonly kind: ServedKind;
  readonly version: string;
  readonly namespace: string;
}

export interface ObjectRef extends CollectionRef {
  readonly name: string;
}

export function keyOf({ kind, namespace, name }: Omit<ObjectRef, "version">): ObjectKey {
  return { kind: kind.key, namespace, name };
}
