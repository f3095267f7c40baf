import { COUNTED, type Counted, type UsageCounts } from "../resilience/usage-counts.ts";
import { ROW_HEAD } from "./shared-rows.ts";

const HEAD = ROW_HEAD.length;
/** Cells of a cluster's row; then each worker's own, which it alone writes. */
export const CLUSTER_CELL = {
  ejectionVersion: HEAD,
  sweptAtMs: HEAD + 1,
  /** One bit per worker that waits for a connection. */
  awaited: HEAD + 2,
  /** By what was counted: how often there was no place. */
  refused: HEAD + 4,
  columns: HEAD + 8,
} as const;
const COLUMN = 4;

export const clusterStride = (workers: number): number => CLUSTER_CELL.columns + workers * COLUMN;

export interface SharedCountsOptions {
  readonly cells: Int32Array;
  readonly row: number;
  readonly worker: number;
  readonly workers: number;
  readonly nowMs: () => number;
  /** Another worker may now have what it waits for, or should give something up. */
  readonly stirOthers: () => void;
  /** To be called in `afterMs`: look again whether there is a place. */
  readonly stirSelf: (afterMs: number) => void;
}

/** The counts of one cluster, with a column of cells for each worker, so that a dead one's are found and taken back. */
export class SharedCounts implements UsageCounts {
  readonly #options: SharedCountsOptions;
  readonly #cells: Int32Array;
  readonly #own: number;
  readonly #bit: number;
  /** Since when others have waited for a connection while we had some. */
  #awaitedSinceMs: number | undefined;
  #leftToOthersUntilMs = 0;
  #onZero: (() => void) | undefined;

  constructor(options: SharedCountsOptions) {
    this.#options = options;
    this.#cells = options.cells;
    this.#own = options.row + CLUSTER_CELL.columns + options.worker * COLUMN;
    this.#bit = 1 << options.worker;
  }

  here(what: Counted): number {
    return this.#cells[this.#own + what] ?? 0;
  }

  everywhere(what: Counted): number {
    const { row, workers } = this.#options;
    const first = row + CLUSTER_CELL.columns + what;
    let sum = 0;
    for (let i = 0; i < workers; i++) sum += Atomics.load(this.#cells, first + i * COLUMN);
    return sum;
  }

  /**
   * Counted first, looked at then: two workers never both take the last place. When both step back from it, both look
   * again; a refusal means that somebody had the place.
   */
  take(what: Counted, max: number): boolean {
    const cell = this.#own + what;
    if (max === Number.POSITIVE_INFINITY) {
      this.#cells[cell] = (this.#cells[cell] ?? 0) + 1;
      return true;
    }
    if (what === COUNTED.connections && this.#leavesToOthers()) return false;
    while (this.everywhere(what) < max) {
      Atomics.add(this.#cells, cell, 1);
      if (this.everywhere(what) <= max) return true;
      Atomics.sub(this.#cells, cell, 1);
    }
    Atomics.add(this.#cells, this.#options.row + CLUSTER_CELL.refused + what, 1);
    return false;
  }

  refused(what: Counted): number {
    return Atomics.load(this.#cells, this.#options.row + CLUSTER_CELL.refused + what);
  }

  release(what: Counted): void {
    Atomics.sub(this.#cells, this.#own + what, 1);
    if (this.#onZero !== undefined && this.#isZero()) {
      this.#onZero();
      this.#onZero = undefined;
    }
    if (what !== COUNTED.connections || !this.isAwaited) return;
    this.#leftToOthersUntilMs = this.#options.nowMs() + LEFT_TO_OTHERS_MS;
    this.#awaitedSinceMs = undefined;
    this.#options.stirOthers();
  }

  wait(isWaiting: boolean): void {
    const cell = this.#options.row + CLUSTER_CELL.awaited;
    if (isWaiting) {
      const before = Atomics.or(this.#cells, cell, this.#bit);
      if ((before & this.#bit) === 0) this.#options.stirOthers();
    } else Atomics.and(this.#cells, cell, ~this.#bit);
  }

  get isAwaited(): boolean {
    const mask = this.#cells[this.#options.row + CLUSTER_CELL.awaited] ?? 0;
    if ((mask & ~this.#bit) !== 0) return true;
    this.#awaitedSinceMs = undefined;
    return false;
  }

  get isOverdue(): boolean {
    if (!this.isAwaited) return false;
    const nowMs = this.#options.nowMs();
    this.#awaitedSinceMs ??= nowMs;
    return nowMs - this.#awaitedSinceMs >= TURN_MS;
  }

  /** Calls back once nothing is counted here: now, or with the last release. */
  whenZero(callback: () => void): void {
    if (this.#isZero()) callback();
    else this.#onZero = callback;
  }

  /** What an earlier worker of this number had taken. */
  clear(): void {
    for (let what = 0; what < COLUMN; what++) Atomics.store(this.#cells, this.#own + what, 0);
    Atomics.and(this.#cells, this.#options.row + CLUSTER_CELL.awaited, ~this.#bit);
  }

  #isZero(): boolean {
    for (let what = 0; what < COLUMN; what++) if (this.#cells[this.#own + what] !== 0) return false;
    return true;
  }

  #leavesToOthers(): boolean {
    const restMs = this.#leftToOthersUntilMs - this.#options.nowMs();
    if (restMs <= 0 || !this.isAwaited) return false;
    this.#options.stirSelf(restMs);
    return true;
  }
}

/** How long a busy worker may go on with a connection that another worker waits for. */
const TURN_MS = 50;
/** How long it then leaves the place to them. */
const LEFT_TO_OTHERS_MS = 20;
