import type { Resource } from "#resources/resource.ts";
import { type Change, freeze, pathOf } from "./change.ts";
import { EventLog } from "./event-log.ts";
import type { Journal, Recovered } from "./journal.ts";
import { Objects } from "./objects.ts";
import { encodePageToken, readPageToken, readRevision } from "./page-token.ts";
import type {
  KindKey,
  ListOptions,
  ListResult,
  ObjectKey,
  Store,
  Watch,
  WatchOptions,
} from "./store.ts";
import { StoreError } from "./store-error.ts";
import type { Subscription } from "./subscription.ts";
import { eventOf, WatchHub } from "./watch-hub.ts";
import { type Decide, decideCreate, decideDelete, decideUpdate } from "./write.ts";
import { WriteQueue } from "./write-queue.ts";

export interface JournaledStoreOptions {
  readonly journal: Journal;
  readonly recovered: Recovered;
  /** Changes kept for watches that resume and lists that go on. */
  readonly keepChanges: number;
}

/**
 * Objects in memory, durable through a journal. Readers see only what the journal has acknowledged.
 * Writes that arrive in one turn of the event loop are decided in order and appended together, so that
 * however many they are they wait for the disk once.
 */
export class JournaledStore implements Store {
  readonly #journal: Journal;
  readonly #keepChanges: number;
  readonly #kinds = new Map<KindKey, Objects>();
  readonly #log: EventLog;
  readonly #hub = new WatchHub();
  readonly #queue: WriteQueue;
  #revision: number;
  #closed = false;

  constructor({ journal, recovered, keepChanges }: JournaledStoreOptions) {
    this.#journal = journal;
    this.#keepChanges = keepChanges;
    this.#revision = recovered.revision;
    this.#log = new EventLog(recovered.changes, recovered.compacted);
    for (const { key, object } of recovered.objects)
      this.#objects(key.kind).put(pathOf(key), freeze(object));
    this.#queue = new WriteQueue({
      revision: () => this.#revision,
      get: (key) => this.#kinds.get(key.kind)?.get(pathOf(key)),
      append: (changes) => journal.append(changes),
      committed: (changes) => this.#committed(changes),
    });
  }

  async get(key: ObjectKey): Promise<Resource | undefined> {
    this.#assertOpen();
    return this.#kinds.get(key.kind)?.get(pathOf(key));
  }

  async list(kind: KindKey, options: ListOptions = {}): Promise<ListResult> {
    this.#assertOpen();
    const token =
      options.continueFrom === undefined ? undefined : readPageToken(options.continueFrom);
    const at = options.at === undefined ? this.#revision : readRevision(options.at);
    const revision = token?.revision ?? at;
    if (revision > this.#revision)
      throw new StoreError("invalid-version", `version ${revision} is ahead of this store`);
    const objects = this.#log.rewind(this.#objects(kind), kind, revision);
    const prefix = options.namespace === undefined ? "" : `${options.namespace}/`;
    const paths = objects.paths(prefix, token?.after);
    const page = options.limit ? paths.slice(0, options.limit) : paths;
    const items = page.flatMap((path) => objects.get(path) ?? []);
    const result = { items, resourceVersion: String(revision) };
    const last = page.at(-1);
    if (page.length === paths.length || last === undefined) return result;
    return {
      ...result,
      continueFrom: encodePageToken({ revision, after: last }),
      remaining: paths.length - page.length,
    };
  }

  create(key: ObjectKey, object: Resource): Promise<Resource> {
    return this.#write(key, decideCreate(object));
  }

  update(key: ObjectKey, object: Resource, expected: string): Promise<Resource> {
    return this.#write(key, decideUpdate(object, expected));
  }

  delete(key: ObjectKey, expected?: string): Promise<Resource> {
    return this.#write(key, decideDelete(expected));
  }

  watch(options: WatchOptions): Watch {
    this.#assertOpen();
    const position = () => String(this.#revision);
    const subscription = this.#hub.subscribe(options.kind, options.namespace, position);
    if (options.after !== undefined) this.#replay(subscription, options.kind, options.after);
    return subscription;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#queue.flush();
    this.#closed = true;
    this.#hub.fail(new StoreError("closed", "the store is closed"));
    this.#journal.close();
  }

  #replay(subscription: Subscription, kind: KindKey, after: string): void {
    try {
      const revision = readRevision(after);
      if (revision > this.#revision)
        throw new StoreError("gone", `resource version ${revision} is ahead of this store`);
      for (const change of this.#log.after(revision, kind))
        if (!subscription.namespace || subscription.namespace === change.key.namespace)
          subscription.push(eventOf(change));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      subscription.fail(error);
    }
  }

  async #write(key: ObjectKey, decide: Decide): Promise<Resource> {
    this.#assertOpen();
    return this.#queue.add(key, decide);
  }

  #committed(changes: readonly Change[]): void {
    for (const { key, type, object } of changes) {
      if (type === "deleted") this.#objects(key.kind).remove(pathOf(key));
      else this.#objects(key.kind).put(pathOf(key), object);
    }
    this.#revision = changes.at(-1)?.revision ?? this.#revision;
    this.#log.append(changes);
    this.#hub.publish(changes);
    if (this.#log.length > 1.5 * this.#keepChanges) this.#compact();
  }

  #compact(): void {
    const horizon = this.#log.horizon(this.#keepChanges);
    try {
      this.#journal.compact(horizon);
      this.#log.compact(horizon);
    } catch (error) {
      // The write that led here is on disk and must be answered; a disk that is full will refuse the next one itself.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #objects(kind: KindKey): Objects {
    const known = this.#kinds.get(kind);
    if (known) return known;
    const objects = new Objects();
    this.#kinds.set(kind, objects);
    return objects;
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError("closed", "the store is closed");
  }
}
