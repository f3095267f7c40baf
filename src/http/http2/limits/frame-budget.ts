import { turn } from "#net/flush-turn.ts";

/** Of a piece of data, beside its bytes: it may be a write of its own on the other side. */
const DATA_COST = 4;
const BYTES_PER_COST = 1024;

/**
 * Of one connection, in a turn: one read brings tens of thousands of the smallest frames or half a megabyte of data, and
 * others wait meanwhile. A frame costs 1, data 4 and 1 for each KB.
 */
export class FrameBudget {
  readonly #costPerTurn: number;
  #turn = 0;
  #cost = 0;

  constructor(costPerTurn: number) {
    this.#costPerTurn = costPerTurn;
  }

  /** Counts a frame with so many bytes of data; -1 for one that has none. False when no further one should be read in this turn. */
  count(dataLength: number): boolean {
    if (this.#turn !== turn.number) {
      this.#turn = turn.number;
      this.#cost = 0;
    }
    this.#cost += dataLength < 0 ? 1 : DATA_COST + dataLength / BYTES_PER_COST;
    return this.#cost < this.#costPerTurn;
  }

  /** What waited is read on. */
  renew(): void {
    this.#cost = 0;
  }
}
