import type { ConfigResource, ConfigType, ConfigTypes } from "#config/snapshot.ts";

/** Makes one object of equal content, so that identity means "nothing changed" across views, worlds and recompilations. */
export interface ConfigPool {
  resource<T extends ConfigType>(type: T, name: string, value: ConfigTypes[T]): ConfigResource<T>;
}

const firstSweepAt = 4096;

/** Values must be plain and built with a fixed order of keys, since the version is the hash of their JSON. */
export function createConfigPool(hash: (text: string) => string): ConfigPool {
  // By version, since a value says its name and no two types look the same. Weak: a resource lives as long as some snapshot or remembered piece holds it.
  const known = new Map<string, WeakRef<ConfigResource>>();
  let sweepAt = firstSweepAt;

  function sweep(): void {
    for (const [version, reference] of known)
      if (reference.deref() === undefined) known.delete(version);
    sweepAt = Math.max(firstSweepAt, known.size * 2);
  }

  return {
    resource<T extends ConfigType>(type: T, name: string, value: ConfigTypes[T]) {
      const version = hash(JSON.stringify(value));
      const same = known.get(version)?.deref();
      if (same?.type === type && same.name === name) return same as ConfigResource<T>;

      const resource: ConfigResource<T> = { type, name, value, version };
      known.set(version, new WeakRef<ConfigResource>(resource as ConfigResource));
      if (known.size > sweepAt) sweep();
      return resource;
    },
  };
}
