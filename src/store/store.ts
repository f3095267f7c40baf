import type { Resource } from "#resources/resource.ts";

/** `<plural>.<group>`, see `kindKey`. */
export type KindKey = string;

export interface ObjectKey {
  readonly kind: KindKey;
  /** `""` for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string;
  /** Objects per page; with `continueFrom` of the previous page the list is of one moment. */
  readonly limit?: number;
  readonly continueFrom?: string;
  /** The list as it was at this version; `gone` when that is compacted away. Absent: as it is now. */
  readonly at?: string;
}

export interface ListResult {
  readonly items: readonly Resource[];
  /** The moment of the list; a watch from here misses nothing. */
  readonly resourceVersion: string;
  readonly continueFrom?: string;
  readonly remaining?: number;
}

export interface WatchEvent {
  readonly kind: "added" | "modified" | "deleted" | "bookmark";
  /** For `deleted` the last state, with the resource version of the deletion. For `bookmark` absent. */
  readonly object?: Resource;
  /** For `modified` the state before, where the store knows it. */
  readonly previous?: Resource;
  readonly resourceVersion: string;
}

export interface WatchOptions {
  readonly kind: KindKey;
  readonly namespace?: string;
  /** Events after this version; absent: from now on. */
  readonly after?: string;
}

/** An open watch. `events` ends when it is disposed; it throws StoreError `gone` when compaction overtakes it. */
export interface Watch extends Disposable {
  readonly events: AsyncIterable<WatchEvent>;
  /** Asks for a `bookmark` behind the events so far; a store that cannot say sends none. */
  requestBookmark(): void;
}

/**
 * Where objects live. A resource version is opaque and compares only within a kind. An acknowledged write is on disk.
 * The store keeps objects as they are given; it sets only `metadata.resourceVersion`.
 * Failures are StoreError: `not-found`, `already-exists`, `conflict`, `gone`, `invalid-version`, `full`, `io`, `corrupt`,
 * `locked`, `closed`.
 */
export interface Store extends AsyncDisposable {
  get(key: ObjectKey): Promise<Resource | undefined>;
  list(kind: KindKey, options?: ListOptions): Promise<ListResult>;
  create(key: ObjectKey, object: Resource): Promise<Resource>;
  /** Compare-and-swap: fails with `conflict` unless the stored version is `expected`. */
  update(key: ObjectKey, object: Resource, expected: string): Promise<Resource>;
  /** Returns the last state, carrying the version of the deletion. With `expected`, compare-and-delete. */
  delete(key: ObjectKey, expected?: string): Promise<Resource>;
  watch(options: WatchOptions): Watch;
}
