import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import type { ResourceKind } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import type { KindKey, ListResult, Store } from "#store/store.ts";
import type { AdmissionPlugin } from "../admission/admission.ts";
import { notFound } from "../errors/object-errors.ts";
import { KindTable } from "../kinds/kind-table.ts";
import { inVersion } from "../kinds/served-kind.ts";
import { NAMESPACES } from "../namespaces/check-namespace.ts";
import { NamespaceLifecycle } from "../namespaces/namespace-lifecycle.ts";
import { type ApplyRequest, applyObject } from "./apply-object.ts";
import type { Core } from "./core.ts";
import { createObject } from "./create-object.ts";
import { deleteObject } from "./delete-object.ts";
import { releaseDependents } from "./dependents.ts";
import { KindClient } from "./kind-client.ts";
import { type ListRequest, listObjects } from "./list-objects.ts";
import { type CollectionRef, keyOf, type ObjectRef } from "./object-ref.ts";
import { type UpdateRequest, updateObject } from "./update-object.ts";
import { type ObjectWatch, type WatchRequest, watchObjects } from "./watch-objects.ts";
import type { ApplyOptions, DeleteOptions, WriteOptions } from "./write-options.ts";
import type { Written } from "./written.ts";

export interface RegistryOptions {
  readonly store: Store;
  readonly kinds: readonly ResourceKind[];
  readonly admission: readonly AdmissionPlugin[];
  readonly clock: Clock;
  readonly log: Log;
  readonly uuid: () => string;
  /** At least 0, below 1. */
  readonly random: () => number;
}

/** Opens the rules of the API over a store: what `serveApi` serves, and what our own controllers write through. */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const registry = new Registry(options);
  await registry.start();
  return registry;
}

/** Knows every rule for objects and nothing of HTTP. All methods throw ApiError. */
export class Registry {
  readonly table: KindTable;
  readonly #core: Core;
  readonly #namespaces: NamespaceLifecycle;

  constructor({ kinds, ...rest }: RegistryOptions) {
    this.table = new KindTable(kinds);
    this.#core = { ...rest, table: this.table };
    this.#namespaces = new NamespaceLifecycle(this.#core);
  }

  start(): Promise<void> {
    return this.#namespaces.start();
  }

  /** One kind, by its key, for a controller. Throws RangeError when the kind is not served. */
  client(key: KindKey, options: WriteOptions): KindClient {
    const kind = this.table.byKey(key);
    if (!kind) throw new RangeError(`${key} is not served`);
    return new KindClient(this, kind, options);
  }

  async get(ref: ObjectRef): Promise<Resource> {
    const found = await this.#core.store.get(keyOf(ref));
    if (!found) throw notFound(ref.kind, ref.name);
    return inVersion(found, ref.kind, ref.version);
  }

  /** Objects as they are stored, in the stored version. */
  list(request: ListRequest): Promise<ListResult> {
    return listObjects(this.#core, request);
  }

  watch(request: WatchRequest): ObjectWatch {
    return watchObjects(this.#core, request);
  }

  async create(ref: CollectionRef, object: Resource, options: WriteOptions): Promise<Written> {
    const written = await createObject(this.#core, ref, { object }, options);
    return this.#settled(ref, written, options.dryRun);
  }

  async update(request: UpdateRequest, options: WriteOptions): Promise<Written> {
    const written = await updateObject(this.#core, request, options);
    return this.#settled(request.ref, written, options.dryRun);
  }

  async apply(request: ApplyRequest, options: ApplyOptions): Promise<Written> {
    const written = await applyObject(this.#core, request, options);
    return this.#settled(request.ref, written, options.dryRun);
  }

  async delete(ref: ObjectRef, options: DeleteOptions): Promise<Written> {
    const live = await this.get(ref);
    if (
      !options.dryRun &&
      options.propagation !== undefined &&
      options.propagation !== "Background"
    )
      await releaseDependents(this.#core, live, options);
    const written = await this.#delete(ref, options);
    if (!options.dryRun && written.outcome === "deleted")
      await releaseDependents(this.#core, live, options);
    return this.#settled(ref, written, options.dryRun);
  }

  async #delete(ref: ObjectRef, options: DeleteOptions): Promise<Written> {
    if (ref.kind.key !== NAMESPACES || options.dryRun)
      return deleteObject(this.#core, ref, options);
    const object = await this.#namespaces.terminate(ref);
    return { object, warnings: [], outcome: "updated" };
  }

  /** What follows from a write of ours for the namespace that it was in, or was. */
  async #settled(ref: CollectionRef, written: Written, dryRun = false): Promise<Written> {
    if (dryRun) return written;
    const { outcome, object } = written;
    const isNamespace = ref.kind.key === NAMESPACES;
    if (isNamespace && outcome === "created") await this.#namespaces.created(object.metadata.name);
    if (!isNamespace && outcome === "created") await this.#namespaces.joined(ref, object);
    if (isNamespace && outcome === "updated") await this.#namespaces.sweep(object.metadata.name);
    if (!isNamespace && outcome === "deleted" && ref.namespace !== "")
      await this.#namespaces.sweep(ref.namespace);
    return written;
  }
}
