import { Deadline, type TimerWheel } from "../timer-wheel.ts";

/** One deadline that is moved with every event. Moving it later costs a number; the wheel learns of it when it expires. */
export class LazyDeadline {
  readonly #wheel: TimerWheel;
  readonly #now: () => number;
  readonly #onDue: () => void;
  readonly #deadline: Deadline;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #armedAtMs = Number.POSITIVE_INFINITY;

  /** `now`: monotonic milliseconds. */
  constructor(wheel: TimerWheel, now: () => number, onDue: () => void) {
    this.#wheel = wheel;
    this.#now = now;
    this.#onDue = onDue;
    this.#deadline = new Deadline(() => this.#expired());
  }

  /** Infinity: nothing is due. */
  after(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) this.#dueAtMs = ms;
    else this.at(this.#now() + ms);
  }

  at(dueAtMs: number): void {
    this.#dueAtMs = dueAtMs;
    // Later than what is armed: the earlier expiry arms the rest.
    if (!this.#deadline.isArmed || dueAtMs < this.#armedAtMs) this.#arm(dueAtMs - this.#now());
  }

  cancel(): void {
    this.#wheel.cancel(this.#deadline);
  }

  #arm(afterMs: number): void {
    this.#armedAtMs = this.#dueAtMs;
    this.#wheel.arm(this.#deadline, afterMs);
  }

  #expired(): void {
    const restMs = this.#dueAtMs - this.#now();
    if (restMs === Number.POSITIVE_INFINITY) return;
    if (restMs > 0) {
      this.#arm(restMs);
      return;
    }
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#onDue();
  }
}
