import type { SpinLock } from "./spin-lock.ts";

/** Cells of every row before those of its user. */
export const ROW_HEAD = { hashA: 0, hashB: 1, users: 2, next: 3, length: 4 } as const;

export interface RowsPlace {
  /** First cell. */
  readonly at: number;
  readonly capacity: number;
  /** Cells of one row, head included. */
  readonly stride: number;
}

/**
 * A table in memory that several processes share: one row of cells per key. A row lives as long as one worker uses it.
 *
 *   [first free row][rows ever used][index: row + 1 by hash, open addressing][row 0][row 1]…
 *
 * Whatever a worker does here can be cut off by its death: at worst a row is lost, never two keys share one.
 */
export class SharedRows {
  readonly #cells: Int32Array;
  readonly #place: RowsPlace;
  readonly #lock: SpinLock;
  readonly #bit: number;
  readonly #indexSize: number;

  constructor(cells: Int32Array, place: RowsPlace, lock: SpinLock, worker: number) {
    this.#cells = cells;
    this.#place = place;
    this.#lock = lock;
    this.#bit = 1 << worker;
    this.#indexSize = indexSizeOf(place.capacity);
  }

  static cellsOf({ capacity, stride }: Omit<RowsPlace, "at">): number {
    return 2 + indexSizeOf(capacity) + capacity * stride;
  }

  /** The first cell of the key's row, which is all zero when nobody else uses it. Undefined: there is no room. */
  claim(key: string): number | undefined {
    const [hashA, hashB] = hashOf(key);
    return this.#lock.run(() => {
      const known = this.#find(hashA, hashB);
      if (known !== undefined) {
        Atomics.or(this.#cells, known + ROW_HEAD.users, this.#bit);
        return known;
      }
      return this.#add(hashA, hashB);
    });
  }

  /** This worker no longer uses the row. */
  release(row: number): void {
    this.#lock.run(() => this.#leave(row));
  }

  /** Calls back for every row that this worker, or an earlier one of its number, uses. */
  forEachOwn(callback: (row: number) => void): void {
    const used = this.#cells[this.#place.at + 1] ?? 0;
    for (let i = 0; i < used; i++) {
      const row = this.#rowAt(i);
      if (((this.#cells[row + ROW_HEAD.users] ?? 0) & this.#bit) !== 0) callback(row);
    }
  }

  #leave(row: number): void {
    const cells = this.#cells;
    const left = Atomics.and(cells, row + ROW_HEAD.users, ~this.#bit) & ~this.#bit;
    if (left !== 0) return;
    this.#forget(row);
    cells[row + ROW_HEAD.next] = cells[this.#place.at] ?? 0;
    cells[this.#place.at] = this.#numberOf(row) + 1;
  }

  #add(hashA: number, hashB: number): number | undefined {
    const cells = this.#cells;
    const { at, capacity, stride } = this.#place;
    const free = cells[at] ?? 0;
    const used = cells[at + 1] ?? 0;
    if (free === 0 && used >= capacity) return undefined;
    const row = this.#rowAt(free === 0 ? used : free - 1);
    if (free === 0) cells[at + 1] = used + 1;
    else cells[at] = cells[row + ROW_HEAD.next] ?? 0;
    cells.fill(0, row, row + stride);
    cells[row + ROW_HEAD.hashA] = hashA;
    cells[row + ROW_HEAD.hashB] = hashB;
    cells[row + ROW_HEAD.users] = this.#bit;
    cells[this.#freeSlot(hashA)] = this.#numberOf(row) + 1;
    return row;
  }

  #find(hashA: number, hashB: number): number | undefined {
    const cells = this.#cells;
    for (let i = 0; i < this.#indexSize; i++) {
      const entry = cells[this.#slot(hashA, i)] ?? 0;
      if (entry === EMPTY) return undefined;
      if (entry === LEFT) continue;
      const row = this.#rowAt(entry - 1);
      if (cells[row + ROW_HEAD.hashA] === hashA && cells[row + ROW_HEAD.hashB] === hashB)
        return row;
    }
    return undefined;
  }

  #forget(row: number): void {
    const wanted = this.#numberOf(row) + 1;
    const hashA = this.#cells[row + ROW_HEAD.hashA] ?? 0;
    for (let i = 0; i < this.#indexSize; i++) {
      const slot = this.#slot(hashA, i);
      const entry = this.#cells[slot];
      if (entry === wanted) this.#cells[slot] = LEFT;
      if (entry === wanted || entry === EMPTY) return;
    }
  }

  /** There always is one: the index is larger than the table. */
  #freeSlot(hashA: number): number {
    for (let i = 0; ; i++) {
      const slot = this.#slot(hashA, i);
      const entry = this.#cells[slot];
      if (entry === EMPTY || entry === LEFT) return slot;
    }
  }

  #slot(hashA: number, i: number): number {
    return this.#place.at + 2 + (((hashA >>> 0) + i) % this.#indexSize);
  }

  #rowAt(number: number): number {
    return this.#place.at + 2 + this.#indexSize + number * this.#place.stride;
  }

  #numberOf(row: number): number {
    return (row - this.#rowAt(0)) / this.#place.stride;
  }
}

const EMPTY = 0;
const LEFT = -1;

const indexSizeOf = (capacity: number): number => 4 * capacity;

/** 64 bits: that two keys of one mesh meet is as good as impossible. */
function hashOf(key: string): readonly [number, number] {
  const hash = Bun.hash.wyhash(key);
  return [Number(BigInt.asIntN(32, hash)), Number(BigInt.asIntN(32, hash >> 32n))];
}
