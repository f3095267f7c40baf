import type { Change } from "./change.ts";
import { pathOf } from "./change.ts";
import type { Objects } from "./objects.ts";
import type { KindKey } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** The latest changes in order, so that a watch can resume and a list can go on in the moment where it began. */
export class EventLog {
  #changes: Change[];
  #compacted: number;

  /** `compacted` is the highest revision whose change is no longer here. */
  constructor(changes: readonly Change[], compacted: number) {
    this.#changes = [...changes];
    this.#compacted = compacted;
  }

  get length(): number {
    return this.#changes.length;
  }

  get compacted(): number {
    return this.#compacted;
  }

  append(changes: readonly Change[]): void {
    for (const change of changes) this.#changes.push(change);
  }

  /** The revision to compact to so that `keep` changes stay. */
  horizon(keep: number): number {
    return this.#changes.at(-keep - 1)?.revision ?? this.#compacted;
  }

  compact(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
    this.#changes = this.#changes.slice(this.#firstAfter(revision));
  }

  /** Throws `gone` when some of them are compacted away. */
  after(revision: number, kind: KindKey): readonly Change[] {
    if (revision < this.#compacted)
      throw new StoreError(
        "gone",
        `too old resource version: ${revision} (${this.#compacted + 1})`,
      );
    const found: Change[] = [];
    for (let i = this.#firstAfter(revision); i < this.#changes.length; i++) {
      const change = this.#changes[i];
      if (change?.key.kind === kind) found.push(change);
    }
    return found;
  }

  /** The objects of a kind as they were at a revision. */
  rewind(now: Objects, kind: KindKey, revision: number): Objects {
    const later = this.after(revision, kind);
    if (later.length === 0) return now;
    const then = now.copy();
    for (const change of later.toReversed()) {
      if (change.previous === undefined) then.remove(pathOf(change.key));
      else then.put(pathOf(change.key), change.previous);
    }
    return then;
  }

  #firstAfter(revision: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.revision ?? Number.POSITIVE_INFINITY) <= revision)
        low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
