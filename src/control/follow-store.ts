import type { Log } from "#core/log.ts";
import type { Resource } from "#resources/resource.ts";
import type { KindKey, Store, Watch, WatchEvent } from "#store/store.ts";

export interface ObjectChange {
  readonly kind: KindKey;
  /** `namespace/name`; cluster-scoped objects have an empty namespace. */
  readonly key: string;
  /** Absent: deleted. */
  readonly object?: Resource;
}

/**
 * Lists the kinds, hands all of it to `onChanges` once, then every change as it is committed; changes of one turn of
 * the event loop come together. A watch that compaction overtakes is listed again and only the differences are told.
 */
export async function followStore(
  store: Store,
  kinds: readonly KindKey[],
  onChanges: (changes: readonly ObjectChange[]) => void,
  log: Log,
): Promise<AsyncDisposable> {
  const batch = new Batch(onChanges);
  const followers = kinds.map((kind) => new KindFollower(store, kind, batch, log));
  await Promise.all(followers.map((follower) => follower.list()));
  batch.flush();
  const running = followers.map((follower) => follower.run());
  return {
    async [Symbol.asyncDispose]() {
      for (const follower of followers) follower.stop();
      await Promise.all(running);
    },
  };
}

class Batch {
  #pending: ObjectChange[] = [];
  readonly #deliver: (changes: readonly ObjectChange[]) => void;

  constructor(deliver: (changes: readonly ObjectChange[]) => void) {
    this.#deliver = deliver;
  }

  add(change: ObjectChange): void {
    if (this.#pending.push(change) === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    const changes = this.#pending;
    this.#pending = [];
    if (changes.length > 0) this.#deliver(changes);
  }
}

class KindFollower {
  readonly #store: Store;
  readonly #kind: KindKey;
  readonly #batch: Batch;
  readonly #log: Log;
  #known = new Map<string, string>(); // key → resource version
  #after = "";
  #watch: Watch | undefined;
  #stopped = false;

  constructor(store: Store, kind: KindKey, batch: Batch, log: Log) {
    this.#store = store;
    this.#kind = kind;
    this.#batch = batch;
    this.#log = log;
  }

  async list(): Promise<void> {
    const { items, resourceVersion } = await this.#store.list(this.#kind);
    const before = this.#known;
    this.#known = new Map();
    for (const object of items) {
      const key = keyOf(object);
      const version = object.metadata.resourceVersion ?? "";
      this.#known.set(key, version);
      if (before.get(key) !== version) this.#batch.add({ kind: this.#kind, key, object });
      before.delete(key);
    }
    for (const key of before.keys()) this.#batch.add({ kind: this.#kind, key });
    this.#after = resourceVersion;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#watch = this.#store.watch({ kind: this.#kind, after: this.#after });
        for await (const event of this.#watch.events) this.#take(event);
        return; // the store was closed, or this follower stopped
      } catch (cause) {
        await this.#recover(cause);
      }
    }
  }

  async #recover(cause: unknown): Promise<void> {
    if (this.#stopped) return;
    this.#log.warn({ kind: this.#kind, cause: String(cause) }, "watch ended; listing again");
    try {
      await this.list();
    } catch (error) {
      this.#stopped = true;
      this.#log.error({ kind: this.#kind, cause: String(error) }, "the store cannot be followed");
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.[Symbol.dispose]();
  }

  #take({ kind, object, resourceVersion }: WatchEvent): void {
    this.#after = resourceVersion;
    if (!object) return;
    const key = keyOf(object);
    if (kind === "deleted") {
      this.#known.delete(key);
      this.#batch.add({ kind: this.#kind, key });
      return;
    }
    this.#known.set(key, resourceVersion);
    this.#batch.add({ kind: this.#kind, key, object });
  }
}

/** `namespace/name` */
export const keyOf = ({ metadata }: Resource): string =>
  `${metadata.namespace ?? ""}/${metadata.name}`;
