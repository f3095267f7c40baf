// A namespace is born with a default account, and takes its objects with it when it goes.
import type { Resource } from "#resources/resource.ts";
import { isStoreError } from "#store/store-error.ts";
import { ApiError } from "../errors/api-error.ts";
import { forbidden } from "../errors/object-errors.ts";
import { apiVersionOf, type ServedKind, storedVersion } from "../kinds/served-kind.ts";
import type { Core } from "../registry/core.ts";
import { createObject } from "../registry/create-object.ts";
import { deleteObject } from "../registry/delete-object.ts";
import { type CollectionRef, keyOf, type ObjectRef } from "../registry/object-ref.ts";
import { timestamp } from "../registry/stamp.ts";
import { NAMESPACES, SERVICE_ACCOUNTS } from "./check-namespace.ts";

/** Exist from the start; the second holds mesh-wide configuration. */
const BUILT_IN_NAMESPACES = ["default", "istio-system"] as const;
const DEFAULT_ACCOUNT = "default";

const SYSTEM = { user: { name: "system:weft", groups: ["system:masters"] }, fieldManager: "weft" };

export class NamespaceLifecycle {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Makes what must exist, and goes on with removals that a restart cut off. */
  async start(): Promise<void> {
    const { store, table } = this.#core;
    const kind = table.byKey(NAMESPACES);
    if (!kind) return;
    for (const name of BUILT_IN_NAMESPACES) await this.#ensure(kind, "", name);
    for (const { metadata } of (await store.list(NAMESPACES)).items) {
      if (metadata.deletionTimestamp !== undefined) await this.sweep(metadata.name);
      else await this.created(metadata.name);
    }
  }

  /** To be called when a namespace has come to exist. */
  async created(name: string): Promise<void> {
    const kind = this.#core.table.byKey(SERVICE_ACCOUNTS);
    if (kind) await this.#ensure(kind, name, DEFAULT_ACCOUNT);
  }

  /** To be called when an object has come to exist: its namespace may have gone while it was being admitted. */
  async joined({ kind, version, namespace }: CollectionRef, { metadata }: Resource): Promise<void> {
    if (!kind.namespaced || !this.#core.table.byKey(NAMESPACES)) return;
    const home = await this.#core.store.get({ kind: NAMESPACES, namespace: "", name: namespace });
    if (home === undefined) await this.#remove({ kind, version, namespace, name: metadata.name });
    else if (home.metadata.deletionTimestamp !== undefined) await this.sweep(namespace);
  }

  /** Marks the namespace as going, which stops creations in it, and begins to remove its objects. */
  async terminate(ref: ObjectRef): Promise<Resource> {
    const { store, clock } = this.#core;
    if (BUILT_IN_NAMESPACES.some((name) => name === ref.name))
      throw forbidden(ref.kind, ref.name, "this namespace may not be deleted");
    const live = await store.get(keyOf(ref));
    if (!live || live.metadata.deletionTimestamp !== undefined)
      return live ?? { apiVersion: "v1", kind: ref.kind.kind, metadata: { name: ref.name } };
    const marked = await store.update(
      keyOf(ref),
      {
        ...live,
        metadata: { ...live.metadata, deletionTimestamp: timestamp(clock) },
        status: { ...(live.status as object | undefined), phase: "Terminating" },
      },
      live.metadata.resourceVersion ?? "",
    );
    void this.sweep(ref.name).catch((error: unknown) => {
      this.#core.log.error({ err: error, namespace: ref.name }, "namespace could not be emptied");
    });
    return marked;
  }

  /** Removes what is left in a namespace that is going, and the namespace once nothing holds it. */
  async sweep(name: string): Promise<void> {
    const { store, table } = this.#core;
    const key = { kind: NAMESPACES, namespace: "", name };
    const namespace = await store.get(key);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    let left = 0;
    for (const kind of table.kinds) if (kind.namespaced) left += await this.#empty(kind, name);
    if (left > 0 || namespace.metadata.finalizers?.length) return;
    try {
      await store.delete(key);
    } catch (error) {
      if (!isStoreError(error, "not-found")) throw error; // another sweep was faster
    }
  }

  async #empty(kind: ServedKind, namespace: string): Promise<number> {
    const { items } = await this.#core.store.list(kind.key, { namespace });
    const version = storedVersion(kind);
    const removals = await Promise.all(
      items.map(({ metadata }) => this.#remove({ kind, version, namespace, name: metadata.name })),
    );
    return removals.filter((isGone) => !isGone).length;
  }

  /** Whether the object is gone now, rather than held by a finalizer. */
  async #remove(ref: ObjectRef): Promise<boolean> {
    try {
      return (await deleteObject(this.#core, ref, SYSTEM)).outcome === "deleted";
    } catch (error) {
      if (error instanceof ApiError && error.reason === "NotFound") return true;
      throw error;
    }
  }

  async #ensure(kind: ServedKind, namespace: string, name: string): Promise<void> {
    if (await this.#core.store.get({ kind: kind.key, namespace, name })) return;
    const version = storedVersion(kind);
    const metadata = { name, ...(namespace === "" ? {} : { namespace }) };
    const object = { apiVersion: apiVersionOf(kind, version), kind: kind.kind, metadata };
    try {
      await createObject(this.#core, { kind, version, namespace }, { object }, SYSTEM);
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === "AlreadyExists")) throw error;
    }
  }
}
