import type { Change } from "./change.ts";

/** Where changes become durable. `append` returns when all of them are on disk, or throws and none of them is. */
export interface Journal {
  append(changes: readonly Change[]): void;
  /** Forgets the history (not the objects) up to and including a revision. */
  compact(revision: number): void;
  close(): void;
}

/** What a journal held when it was opened. */
export interface Recovered {
  /** The last revision given out. */
  readonly revision: number;
  readonly compacted: number;
  /** One change per object that exists, in any order. */
  readonly objects: readonly Pick<Change, "key" | "object">[];
  /** History in order of revision. */
  readonly changes: readonly Change[];
}

export const nothingRecovered: Recovered = {
  revision: 0,
  compacted: 0,
  objects: [],
  changes: [],
};
