import type { Ejection, Row } from "../resilience/ejection.ts";
import { ROW_HEAD } from "./shared-rows.ts";

const HEAD = ROW_HEAD.length;
const CELL = { rows: HEAD, isEjected: HEAD + 3, ejectedAtMs: HEAD + 4, times: HEAD + 5 } as const;

/** Cells of one endpoint. */
export const EJECTION_STRIDE = 12;

/** One endpoint's failures in a row and its ejection, counted by all workers together. */
export class SharedEjection implements Ejection {
  readonly row: number;
  readonly #cells: Int32Array;
  /** Milliseconds of a clock that all workers share; 32 bits, so only differences mean something. */
  readonly #sharedMs: () => number;

  constructor(cells: Int32Array, row: number, sharedMs: () => number) {
    this.#cells = cells;
    this.row = row;
    this.#sharedMs = sharedMs;
  }

  get isEjected(): boolean {
    return this.#cells[this.row + CELL.isEjected] === 1;
  }

  get times(): number {
    return this.#cells[this.row + CELL.times] ?? 0;
  }

  count(row: Row): number {
    return Atomics.add(this.#cells, this.#cellOf(row), 1) + 1;
  }

  clear(row: Row): void {
    const cell = this.#cellOf(row);
    if (this.#cells[cell] !== 0) Atomics.store(this.#cells, cell, 0);
  }

  eject(): boolean {
    if (this.isEjected) return false;
    // The time first: whoever sees the ejection sees when it was.
    Atomics.store(this.#cells, this.row + CELL.ejectedAtMs, this.#sharedMs());
    return Atomics.compareExchange(this.#cells, this.row + CELL.isEjected, 0, 1) === 0;
  }

  bringBack(): boolean {
    return Atomics.compareExchange(this.#cells, this.row + CELL.isEjected, 1, 0) === 1;
  }

  ejectedForMs(): number {
    return (this.#sharedMs() - (this.#cells[this.row + CELL.ejectedAtMs] ?? 0)) | 0;
  }

  addTimes(change: number): void {
    const cell = this.row + CELL.times;
    const before = this.times;
    const after = Math.max(0, before + change);
    // Lost when another worker changes it in this moment: it fades by intervals, one more or less is no harm.
    if (after !== before) Atomics.compareExchange(this.#cells, cell, before, after);
  }

  #cellOf(row: Row): number {
    return this.row + CELL.rows + row;
  }
}
