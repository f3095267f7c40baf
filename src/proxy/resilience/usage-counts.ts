/** What the limits of one cluster count. */
export const COUNTED = { connections: 0, pending: 1, requests: 2, retries: 3 } as const;
export type Counted = (typeof COUNTED)[keyof typeof COUNTED];

/** The counts of one cluster. A limit holds for all workers of a proxy together, whoever took the places. */
export interface UsageCounts {
  /** In this process. */
  here(what: Counted): number;
  /** In all workers. */
  everywhere(what: Counted): number;
  /** One more; false, and nothing is counted, when there would then be more than `max` everywhere. */
  take(what: Counted, max: number): boolean;
  /** How often there was no place, in all workers. Never less than before. */
  refused(what: Counted): number;
  /** One less, taken by this process before. */
  release(what: Counted): void;
  /** Whether this process waits for a place that another worker has. */
  wait(isWaiting: boolean): void;
  /** Another worker waits for a connection. */
  readonly isAwaited: boolean;
  /** It has waited for so long that a busy connection, too, has to make room. */
  readonly isOverdue: boolean;
}

/** Of a proxy that is one process. */
export class LocalCounts implements UsageCounts {
  readonly #counts = [0, 0, 0, 0];
  readonly #refused = [0, 0, 0, 0];
  readonly isAwaited = false;
  readonly isOverdue = false;

  here(what: Counted): number {
    return this.#counts[what] ?? 0;
  }

  everywhere(what: Counted): number {
    return this.#counts[what] ?? 0;
  }

  take(what: Counted, max: number): boolean {
    const count = this.#counts[what] ?? 0;
    if (count >= max) {
      this.#refused[what] = this.refused(what) + 1;
      return false;
    }
    this.#counts[what] = count + 1;
    return true;
  }

  refused(what: Counted): number {
    return this.#refused[what] ?? 0;
  }

  release(what: Counted): void {
    this.#counts[what] = (this.#counts[what] ?? 0) - 1;
  }

  wait(): void {}
}
