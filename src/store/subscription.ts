import type { Watch, WatchEvent } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** A reader this far behind is cut off: it costs less to list again than to hold more for it. */
const MAX_BEHIND = 20_000;

type Result = IteratorResult<WatchEvent, undefined>;
const END: Result = { done: true, value: undefined };

/** One open watch: a bounded queue between the writer, which never waits, and one reader. */
export class Subscription implements Watch {
  readonly namespace: string | undefined;
  readonly #onDispose: (subscription: Subscription) => void;
  readonly #position: () => string;
  #queue: WatchEvent[] = [];
  #next = 0;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #failure: StoreError | undefined;
  #ended = false;

  constructor(
    namespace: string | undefined,
    position: () => string,
    onDispose: (subscription: Subscription) => void,
  ) {
    this.namespace = namespace;
    this.#position = position;
    this.#onDispose = onDispose;
  }

  push(event: WatchEvent): void {
    if (this.#ended || this.#failure) return;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ done: false, value: event });
    } else if (this.#queue.length - this.#next >= MAX_BEHIND) {
      this.fail(new StoreError("gone", `the watch fell ${MAX_BEHIND} events behind`));
    } else this.#queue.push(event);
  }

  /** Ends the watch with an error, after what is queued unless the queue itself is the trouble. */
  fail(error: StoreError): void {
    this.#failure = error;
    if (error.code === "gone") this.#queue = [];
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#onDispose(this);
  }

  requestBookmark(): void {
    this.push({ kind: "bookmark", resourceVersion: this.#position() });
  }

  readonly events: AsyncIterable<WatchEvent> = {
    [Symbol.asyncIterator]: () => ({
      next: () => this.#take(),
      return: () => {
        this[Symbol.dispose]();
        return Promise.resolve(END);
      },
    }),
  };

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#queue = [];
    this.#next = 0;
    this.#waiting?.resolve(END);
    this.#waiting = undefined;
    this.#onDispose(this);
  }

  #take(): Promise<Result> {
    if (this.#ended) return Promise.resolve(END);
    const event = this.#queue[this.#next];
    if (event) {
      this.#next++;
      if (this.#next === this.#queue.length) {
        this.#queue = [];
        this.#next = 0;
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#failure) return Promise.reject(this.#failure);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }
}
