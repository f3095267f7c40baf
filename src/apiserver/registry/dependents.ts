import type { Resource } from "#resources/resource.ts";
import { ApiError } from "../errors/api-error.ts";
import { storedVersion } from "../kinds/served-kind.ts";
import type { Core } from "./core.ts";
import { deleteObject } from "./delete-object.ts";
import type { ObjectRef } from "./object-ref.ts";
import { updateObject } from "./update-object.ts";
import type { DeleteOptions } from "./write-options.ts";

const COLLECTOR = "weft-garbage-collector";

/**
 * What becomes of the objects that name `owner` among their owners when it goes: `Orphan` only forgets the reference;
 * else they go too, unless another owner keeps them. Owners and dependents share a namespace or the owner has none.
 */
export async function releaseDependents(
  core: Core,
  owner: Resource,
  options: DeleteOptions,
): Promise<void> {
  const uid = owner.metadata.uid;
  if (uid === undefined) return;
  for (const { ref, object } of await dependentsOf(core, owner, uid)) {
    const others = object.metadata.ownerReferences?.some((reference) => reference.uid !== uid);
    try {
      if (options.propagation === "Orphan" || others) await forget(core, ref, uid, options);
      else await remove(core, ref, object, options);
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === "NotFound")) throw error;
    }
  }
}

interface Dependent {
  readonly ref: ObjectRef;
  readonly object: Resource;
}

async function dependentsOf(core: Core, owner: Resource, uid: string): Promise<Dependent[]> {
  const namespace = owner.metadata.namespace;
  const found: Dependent[] = [];
  for (const kind of core.table.kinds) {
    if (namespace !== undefined && !kind.namespaced) continue;
    const { items } = await core.store.list(kind.key, namespace === undefined ? {} : { namespace });
    for (const object of items) {
      if (!object.metadata.ownerReferences?.some((reference) => reference.uid === uid)) continue;
      const { name, namespace: own = "" } = object.metadata;
      found.push({ ref: { kind, version: storedVersion(kind), namespace: own, name }, object });
    }
  }
  return found;
}

async function remove(core: Core, ref: ObjectRef, object: Resource, { user }: DeleteOptions) {
  const { uid } = object.metadata;
  const written = await deleteObject(core, ref, { user, ...(uid === undefined ? {} : { uid }) });
  if (written.outcome === "deleted") await releaseDependents(core, object, { user });
}

async function forget(core: Core, ref: ObjectRef, uid: string, { user }: DeleteOptions) {
  const change = (live: Resource) => {
    const left = live.metadata.ownerReferences?.filter((reference) => reference.uid !== uid);
    const { ownerReferences: _, ...metadata } = live.metadata;
    const owners = left?.length ? { ownerReferences: left } : {};
    return { object: { ...live, metadata: { ...metadata, ...owners } } };
  };
  await updateObject(core, { ref, subresource: "", change }, { user, fieldManager: COLLECTOR });
}
