/**
 * Deadlines by the thousand without a timer object each: arming and cancelling touch a linked list. Deadlines are kept
 * to one tick, rounded up. One timer of the runtime runs while anything is armed.
 */

/** Something that may expire. Armed in at most one wheel at a time; reused at will. */
export class Deadline {
  /** Places in the wheel's lists; nobody else's business. */
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;
  dueTick = -1;
  readonly expire: () => void;

  constructor(expire: () => void) {
    this.expire = expire;
  }

  get isArmed(): boolean {
    return this.dueTick >= 0;
  }
}

const SLOTS = 512;

export class TimerWheel {
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #slots: (Deadline | undefined)[] = new Array<Deadline | undefined>(SLOTS).fill(
    undefined,
  );
  #tick = 0;
  #armed = 0;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number, tickMs = 16) {
    this.#now = now;
    this.#tickMs = tickMs;
    this.#startedAtMs = now();
  }

  get armed(): number {
    return this.#armed;
  }

  /** Arms, or moves, a deadline. Never expires earlier than `afterMs`. */
  arm(deadline: Deadline, afterMs: number): void {
    if (deadline.dueTick >= 0) this.cancel(deadline);
    if (this.#armed++ === 0) this.#start();
    const dueAtMs = this.#now() - this.#startedAtMs + Math.max(0, afterMs);
    deadline.dueTick = Math.max(this.#tick + 1, Math.ceil(dueAtMs / this.#tickMs) + 1);
    const slot = deadline.dueTick % SLOTS;
    const head = this.#slots[slot];
    deadline.next = head;
    deadline.previous = undefined;
    if (head !== undefined) head.previous = deadline;
    this.#slots[slot] = deadline;
  }

  cancel(deadline: Deadline): void {
    if (deadline.dueTick < 0) return;
    const { previous, next } = deadline;
    if (previous === undefined) this.#slots[deadline.dueTick % SLOTS] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    deadline.previous = undefined;
    deadline.next = undefined;
    deadline.dueTick = -1;
    if (--this.#armed === 0) this.#stop();
  }

  /** Expires what is due by the clock. Called by the wheel's timer; tests call it with a clock of their own. */
  advance(): void {
    const target = Math.floor((this.#now() - this.#startedAtMs) / this.#tickMs);
    // After a long stall every slot is looked at once, not once per missed round.
    if (target - this.#tick > SLOTS) this.#tick = target - SLOTS;
    while (this.#tick < target && this.#armed > 0) {
      this.#tick++;
      this.#expireSlot(this.#tick % SLOTS, target);
    }
    if (this.#armed === 0) this.#tick = target;
  }

  #expireSlot(slot: number, upToTick: number): void {
    const due: Deadline[] = [];
    for (let entry = this.#slots[slot]; entry !== undefined; entry = entry.next)
      if (entry.dueTick <= upToTick) due.push(entry);
    for (const deadline of due) {
      // An earlier one of this round may have cancelled or moved it.
      if (deadline.dueTick < 0 || deadline.dueTick > upToTick) continue;
      this.cancel(deadline);
      deadline.expire();
    }
  }

  #start(): void {
    this.#tick = Math.floor((this.#now() - this.#startedAtMs) / this.#tickMs);
    this.#timer = setInterval(() => this.advance(), this.#tickMs);
    this.#timer.unref();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The wheel of the process. */
export const timerWheel = new TimerWheel(() => performance.now());
