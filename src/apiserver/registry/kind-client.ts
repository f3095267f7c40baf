import type { Resource } from "#resources/resource.ts";
import type { ListOptions, ListResult } from "#store/store.ts";
import { ApiError } from "../errors/api-error.ts";
import { type ServedKind, storedVersion } from "../kinds/served-kind.ts";
import type { ApplyRequest } from "./apply-object.ts";
import type { ListRequest } from "./list-objects.ts";
import type { CollectionRef, ObjectRef } from "./object-ref.ts";
import { readObject } from "./read-object.ts";
import type { UpdateRequest } from "./update-object.ts";
import type { ApplyOptions, DeleteOptions, WriteOptions } from "./write-options.ts";
import type { Written } from "./written.ts";

/** What a client asks of the registry. */
interface ObjectRules {
  get(ref: ObjectRef): Promise<Resource>;
  list(request: ListRequest): Promise<ListResult>;
  create(ref: CollectionRef, object: Resource, options: WriteOptions): Promise<Written>;
  update(request: UpdateRequest, options: WriteOptions): Promise<Written>;
  apply(request: ApplyRequest, options: ApplyOptions): Promise<Written>;
  delete(ref: ObjectRef, options: DeleteOptions): Promise<Written>;
}

/** One kind for a controller of ours: the same rules and admission as for users, without HTTP. Throws ApiError. */
export class KindClient {
  readonly kind: ServedKind;
  readonly #registry: ObjectRules;
  readonly #options: WriteOptions;

  constructor(registry: ObjectRules, kind: ServedKind, options: WriteOptions) {
    this.#registry = registry;
    this.kind = kind;
    this.#options = options;
  }

  async get(namespace: string, name: string): Promise<Resource | undefined> {
    try {
      return await this.#registry.get(this.#ref(namespace, name));
    } catch (error) {
      if (error instanceof ApiError && error.reason === "NotFound") return undefined;
      throw error;
    }
  }

  async list(options: Pick<ListOptions, "namespace"> = {}): Promise<readonly Resource[]> {
    const ref = this.#ref(options.namespace ?? "", "");
    const selection = { labels: undefined, fields: undefined };
    return (await this.#registry.list({ ref, selection })).items;
  }

  /** Name and namespace are the object's own. */
  create(object: Resource): Promise<Written> {
    const ref = this.#ref(object.metadata.namespace ?? "", object.metadata.name);
    return this.#registry.create(ref, readObject(ref, object), this.#options);
  }

  /** Compare-and-swap when the object carries a resource version, else the object replaces what is there. */
  update(object: Resource): Promise<Written> {
    const ref = this.#ref(object.metadata.namespace ?? "", object.metadata.name);
    const wish = { object: readObject(ref, object) };
    return this.#registry.update({ ref, subresource: "", change: () => wish }, this.#options);
  }

  /** Reads, changes and writes, and does so again when somebody was faster. */
  modify(namespace: string, name: string, change: (live: Resource) => Resource): Promise<Written> {
    return this.#change(this.#ref(namespace, name), "", change);
  }

  /** Replaces `status` and nothing else; no write happens when it is the same already. */
  setStatus(namespace: string, name: string, status: unknown): Promise<Written> {
    return this.modifyStatus(namespace, name, () => status);
  }

  modifyStatus(
    namespace: string,
    name: string,
    change: (status: unknown, live: Resource) => unknown,
  ): Promise<Written> {
    const ref = this.#ref(namespace, name);
    return this.#change(ref, "status", (live) => ({ ...live, status: change(live.status, live) }));
  }

  /** Creates the object, or lays it over what is there as this client's fields (server-side apply, forced). */
  apply(object: Resource): Promise<Written> {
    const ref = this.#ref(object.metadata.namespace ?? "", object.metadata.name);
    const config = readObject(ref, object);
    const options = { ...this.#options, force: true };
    return this.#registry.apply({ ref, subresource: "", config }, options);
  }

  /** Undefined when there is nothing to delete. */
  async delete(namespace: string, name: string): Promise<Written | undefined> {
    try {
      return await this.#registry.delete(this.#ref(namespace, name), { user: this.#options.user });
    } catch (error) {
      if (error instanceof ApiError && error.reason === "NotFound") return undefined;
      throw error;
    }
  }

  #change(ref: ObjectRef, subresource: "" | "status", change: (live: Resource) => Resource) {
    const wish = (live: Resource) => ({ object: change(live) });
    return this.#registry.update({ ref, subresource, change: wish }, this.#options);
  }

  #ref(namespace: string, name: string): ObjectRef {
    return { kind: this.kind, version: storedVersion(this.kind), namespace, name };
  }
}
