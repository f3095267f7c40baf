const SLOTS = 128;
/** So many values in a row that were not in the table, and the name is left alone for a while. */
const PATIENCE = 16;
/** Tries after a pause before the next. */
const RETRIES = 3;
const PAUSE = 64;

/**
 * What an encoder has learned of names: which entry of the table has the name, and whether its values repeat. A name whose values
 * keep missing the table is not put into it for a while, or it would push out what does repeat. Names share slots by their
 * hash; the last one has it.
 */
export class NameMemory {
  readonly #hashes = new Int32Array(SLOTS);
  readonly #misses = new Uint8Array(SLOTS);
  readonly #pauses = new Uint8Array(SLOTS);
  readonly #entries = new Int32Array(SLOTS);

  /** The slot of a name. `noEntry`: a number that no entry has yet. */
  slotOf(hash: number, noEntry: number): number {
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    if (this.#hashes[slot] !== hash) {
      this.#hashes[slot] = hash;
      this.#misses[slot] = 0;
      this.#pauses[slot] = 0;
      this.#entries[slot] = noEntry;
    }
    return slot;
  }

  /** The number of the entry that was made last for the name. It may have been evicted. */
  entryOf(slot: number): number {
    return this.#entries[slot] as number;
  }

  keepEntry(slot: number, number: number): void {
    this.#entries[slot] = number;
  }

  /** Whether the name pauses; counts the pause down. */
  pauses(slot: number): boolean {
    const left = this.#pauses[slot] as number;
    if (left === 0) return false;
    this.#pauses[slot] = left - 1;
    return true;
  }

  hit(slot: number): void {
    this.#misses[slot] = 0;
  }

  miss(slot: number): void {
    const misses = (this.#misses[slot] as number) + 1;
    if (misses < PATIENCE) this.#misses[slot] = misses;
    else {
      this.#misses[slot] = PATIENCE - RETRIES;
      this.#pauses[slot] = PAUSE;
    }
  }
}
