import { type Journal, nothingRecovered } from "../journal.ts";
import { JournaledStore } from "../journaled-store.ts";
import type { Store } from "../store.ts";

const forgetful: Journal = {
  append: () => undefined,
  compact: () => undefined,
  close: () => undefined,
};

export interface MemoryStoreOptions {
  readonly keepChanges?: number;
}

/** A store that lives as long as its process: for tests and for trying things. */
export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  const { keepChanges = 10_000 } = options;
  return new JournaledStore({ journal: forgetful, recovered: nothingRecovered, keepChanges });
}
