/**
 * An immutable map in hash buckets: a change copies one bucket and the list of buckets, and two maps that share most
 * buckets are compared in the number of buckets, not of entries. This is what makes one change in a large mesh cheap.
 * The order of entries means nothing.
 */
const bucketCount = 256;

type Bucket<V> = ReadonlyMap<string, V>;

export type MapChange<V> = readonly [key: string, value: V | undefined];

/** Undefined where the entry is not there. */
export type MapDifference<V> = readonly [key: string, was: V | undefined, is: V | undefined];

export class PersistentMap<V> implements ReadonlyMap<string, V> {
  static #none: PersistentMap<never> | undefined;

  readonly #buckets: readonly (Bucket<V> | undefined)[];
  readonly size: number;

  private constructor(buckets: readonly (Bucket<V> | undefined)[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    PersistentMap.#none ??= new PersistentMap<never>(
      new Array<undefined>(bucketCount).fill(undefined),
      0,
    );
    return PersistentMap.#none;
  }

  get(key: string): V | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  has(key: string): boolean {
    return this.#buckets[bucketOf(key)]?.has(key) ?? false;
  }

  /** The map with these entries put (or, where the value is undefined, removed); itself when nothing is different. */
  with(changes: Iterable<MapChange<V>>): PersistentMap<V> {
    const own = new Map<number, Map<string, V>>();
    let { size } = this;
    for (const [key, value] of changes) {
      const at = bucketOf(key);
      const current = own.get(at) ?? this.#buckets[at];
      const had = current?.has(key) ?? false;
      if (value === undefined ? !had : had && current?.get(key) === value) continue;

      let bucket = own.get(at);
      if (bucket === undefined) {
        bucket = new Map(current);
        own.set(at, bucket);
      }
      if (value === undefined) bucket.delete(key);
      else bucket.set(key, value);
      size += Number(value !== undefined) - Number(had);
    }
    if (own.size === 0) return this;
    const buckets = this.#buckets.slice();
    for (const [at, bucket] of own) buckets[at] = bucket.size === 0 ? undefined : bucket;
    return new PersistentMap(buckets, size);
  }

  /** What turns `before` into this map. */
  changesSince(before: PersistentMap<V>): readonly MapDifference<V>[] {
    const differences: MapDifference<V>[] = [];
    if (before === this) return differences;
    for (let at = 0; at < bucketCount; at++) {
      const older = before.#buckets[at];
      const newer = this.#buckets[at];
      if (older === newer) continue;
      for (const [key, value] of newer ?? []) {
        const was = older?.get(key);
        if (was !== value) differences.push([key, was, value]);
      }
      for (const [key, was] of older ?? [])
        if (!newer?.has(key)) differences.push([key, was, undefined]);
    }
    return differences;
  }

  *entries(): MapIterator<[string, V]> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket;
  }

  *keys(): MapIterator<string> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.keys();
  }

  *values(): MapIterator<V> {
    for (const bucket of this.#buckets) if (bucket !== undefined) yield* bucket.values();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(visit: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }
}

/** FNV-1a. */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) & (bucketCount - 1);
}
