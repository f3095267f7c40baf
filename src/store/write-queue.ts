import type { Resource } from "#resources/resource.ts";
import { type Change, describeKey } from "./change.ts";
import type { ObjectKey } from "./store.ts";
import type { Decide } from "./write.ts";

interface Waiting {
  readonly key: ObjectKey;
  readonly decide: Decide;
  readonly answer: PromiseWithResolvers<Resource>;
}

interface WriteTarget {
  revision(): number;
  get(key: ObjectKey): Resource | undefined;
  append(changes: readonly Change[]): void;
  committed(changes: readonly Change[]): void;
}

/** Group commit: all writes of one turn of the event loop are one append. */
export class WriteQueue {
  readonly #target: WriteTarget;
  #waiting: Waiting[] = [];

  constructor(target: WriteTarget) {
    this.#target = target;
  }

  add(key: ObjectKey, decide: Decide): Promise<Resource> {
    if (this.#waiting.length === 0) setImmediate(() => this.flush());
    const answer = Promise.withResolvers<Resource>();
    this.#waiting.push({ key, decide, answer });
    return answer.promise;
  }

  /** Decides and commits what is waiting. Answers come only after the disk has spoken, refusals included. */
  flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    const { changes, settle, rejectAll } = this.#decideAll(batch);
    try {
      if (changes.length > 0) this.#target.append(changes);
    } catch (error) {
      rejectAll(error);
      return;
    }
    this.#target.committed(changes);
    settle();
  }

  #decideAll(batch: readonly Waiting[]) {
    const changes: Change[] = [];
    const pending = new Map<string, Change>();
    const outcomes: (() => void)[] = [];
    for (const { key, decide, answer } of batch) {
      const name = describeKey(key);
      try {
        const change = decide(
          key,
          this.#before(key, pending.get(name)),
          this.#target.revision() + changes.length + 1,
        );
        changes.push(change);
        pending.set(name, change);
        outcomes.push(() => answer.resolve(change.object));
      } catch (error) {
        outcomes.push(() => answer.reject(error));
      }
    }
    return {
      changes,
      settle: () => {
        for (const outcome of outcomes) outcome();
      },
      rejectAll: (error: unknown) => {
        for (const { answer } of batch) answer.reject(error);
      },
    };
  }

  #before(key: ObjectKey, pending: Change | undefined): Resource | undefined {
    if (!pending) return this.#target.get(key);
    return pending.type === "deleted" ? undefined : pending.object;
  }
}
