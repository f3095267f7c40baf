import type { Clock } from "#core/clock.ts";
import { type Flushable, flushAtEndOfTurn, turn } from "./flush-turn.ts";

/**
 * A clock that is read once for each event of a socket (and once for all that happens between such events in one turn of
 * the event loop): serving a request asks for the time a dozen times, and each look at the system's costs 40 ns.
 */
export class TurnClock implements Clock, Flushable {
  readonly #inner: Clock;
  #seen = -1;
  #atMs = 0;
  #willFlush = false;

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  monotonicMs(): number {
    if (this.#seen === turn.number) return this.#atMs;
    this.#seen = turn.number;
    this.#atMs = this.#inner.monotonicMs();
    if (!this.#willFlush && !turn.isEnding) {
      this.#willFlush = true;
      flushAtEndOfTurn(this); // which begins another turn
    }
    return this.#atMs;
  }

  wallMs(): number {
    return this.#inner.wallMs();
  }

  flush(): void {
    this.#willFlush = false;
  }
}
