import type { Clock } from "#core/clock.ts";
import { TimerWheel, type WheelTimer } from "./timer-wheel.ts";

/** A timer wheel that turns by itself, and only while a timer runs. */
export class Timers implements Disposable {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  #interval: ReturnType<typeof setInterval> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wheel = new TimerWheel(clock.monotonicMs(), TICK_MS);
  }

  start(timer: WheelTimer, afterMs: number): void {
    this.#wheel.start(timer, afterMs, this.#clock.monotonicMs());
    if (this.#interval === undefined) this.#beginTurning();
  }

  stop(timer: WheelTimer): void {
    this.#wheel.stop(timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  // Not in `start`: a function that makes closures costs a scope per call, even when it makes none.
  #beginTurning(): void {
    this.#interval = setInterval(() => this.#turn(), TICK_MS);
  }

  #turn(): void {
    this.#wheel.advance(this.#clock.monotonicMs());
    if (this.#wheel.running === 0) this[Symbol.dispose]();
  }
}

const TICK_MS = 10;
