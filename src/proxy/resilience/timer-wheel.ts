/**
 * Timers of requests: starting and stopping one is a few pointer writes, without allocation. Each timer is a record that
 * its owner keeps and uses again. A timer fires between its time and one tick later, never early.
 */
export class WheelTimer {
  readonly fire: () => void;
  /** Tick at which it fires; -1: not running. */
  dueTick = -1;
  next: WheelTimer | undefined = undefined;
  previous: WheelTimer | undefined = undefined;

  constructor(fire: () => void) {
    this.fire = fire;
  }
}

export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots: (WheelTimer | undefined)[];
  /** Monotonic time of tick 0. */
  readonly #originMs: number;
  #tick = 0;
  #running = 0;

  constructor(nowMs: number, tickMs = 10, slots = 512) {
    this.#originMs = nowMs;
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slots }, () => undefined);
  }

  get running(): number {
    return this.#running;
  }

  /** A running timer is started anew. */
  start(timer: WheelTimer, afterMs: number, nowMs: number): void {
    if (timer.dueTick !== -1) this.stop(timer);
    const due = Math.ceil((nowMs + afterMs - this.#originMs) / this.#tickMs);
    timer.dueTick = Math.max(due, this.#tick + 1);
    const slot = timer.dueTick % this.#slots.length;
    const first = this.#slots[slot];
    timer.next = first;
    if (first !== undefined) first.previous = timer;
    this.#slots[slot] = timer;
    this.#running++;
  }

  /** Stopping a timer that does not run does nothing. */
  stop(timer: WheelTimer): void {
    if (timer.dueTick === -1) return;
    const { next, previous } = timer;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#slots[timer.dueTick % this.#slots.length] = next;
    timer.next = undefined;
    timer.previous = undefined;
    timer.dueTick = -1;
    this.#running--;
  }

  /** Fires all timers that are due. A timer that is started meanwhile waits for a later call. */
  advance(nowMs: number): void {
    const target = Math.floor((nowMs - this.#originMs) / this.#tickMs);
    if (this.#running === 0) {
      this.#tick = Math.max(this.#tick, target);
      return;
    }
    const from = Math.max(this.#tick + 1, target - this.#slots.length + 1);
    this.#tick = Math.max(this.#tick, target);
    for (let tick = from; tick <= target; tick++) this.#fireDue(tick % this.#slots.length, target);
  }

  #fireDue(slot: number, target: number): void {
    let due: WheelTimer[] | undefined;
    for (let timer = this.#slots[slot]; timer !== undefined; timer = timer.next)
      if (timer.dueTick <= target) {
        due ??= [];
        due.push(timer);
      }
    if (due === undefined) return;
    for (const timer of due) {
      if (timer.dueTick === -1 || timer.dueTick > target) continue; // stopped or started anew by one before
      this.stop(timer);
      timer.fire();
    }
  }
}
