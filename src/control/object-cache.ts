import type { Lister } from "#resources/analysis/lister.ts";
import type { Resource } from "#resources/resource.ts";
import type { ObjectChange } from "./follow-store.ts";

/** Every object of the followed kinds as the store had it a moment ago, whole, with its status. */
export class ObjectCache implements Lister {
  readonly #objects = new Map<string, Map<string, Resource>>();

  take(changes: readonly ObjectChange[]): void {
    for (const { kind, key, object } of changes) {
      const ofKind = this.#objects.get(kind) ?? new Map<string, Resource>();
      this.#objects.set(kind, ofKind);
      if (object) ofKind.set(key, object);
      else ofKind.delete(key);
    }
  }

  list(kind: string, namespace?: string): readonly Resource[] {
    const all = [...(this.#objects.get(kind)?.values() ?? [])];
    if (namespace === undefined) return all;
    return all.filter(({ metadata }) => (metadata.namespace ?? "") === namespace);
  }

  get(kind: string, namespace: string, name: string): Resource | undefined {
    return this.#objects.get(kind)?.get(`${namespace}/${name}`);
  }
}
