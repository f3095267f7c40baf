/**
 * Keeps the workers of a proxy apart for some microseconds while they change a table that they share. Only changes of
 * configuration take it, never a request.
 */
export class SpinLock {
  readonly #cells: Int32Array;
  readonly #at: number;
  readonly #owner: number;
  readonly #nowMs: () => number;

  /** `worker`: counted from 0. */
  constructor(cells: Int32Array, at: number, worker: number, nowMs: () => number) {
    this.#cells = cells;
    this.#at = at;
    this.#owner = worker + 1;
    this.#nowMs = nowMs;
  }

  /** Undefined when another worker has held it for too long (it is stopped, or died and is not replaced yet). */
  run<T>(work: () => T): T | undefined {
    if (!this.#take()) return undefined;
    try {
      return work();
    } finally {
      Atomics.compareExchange(this.#cells, this.#at, this.#owner, 0);
    }
  }

  /** What an earlier worker of the same number holds since its death. */
  break(): void {
    Atomics.compareExchange(this.#cells, this.#at, this.#owner, 0);
  }

  #take(): boolean {
    const deadlineMs = this.#nowMs() + PATIENCE_MS;
    while (Atomics.compareExchange(this.#cells, this.#at, 0, this.#owner) !== 0)
      if (this.#nowMs() > deadlineMs) return false;
    return true;
  }
}

const PATIENCE_MS = 50;
