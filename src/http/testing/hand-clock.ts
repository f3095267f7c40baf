import { TimerWheel } from "../timer-wheel.ts";

/** Time that passes when the test says so, with a wheel that turns by it. */
export class HandClock {
  #nowMs = 0;
  readonly now = (): number => this.#nowMs;
  readonly wheel = new TimerWheel(this.now);

  pass(ms: number): void {
    const until = this.#nowMs + ms;
    while (this.#nowMs < until) {
      this.#nowMs = Math.min(until, this.#nowMs + 16);
      this.wheel.advance();
    }
  }

  /** As options of connections. */
  get options(): { readonly now: () => number; readonly wheel: TimerWheel } {
    return { now: this.now, wheel: this.wheel };
  }
}
