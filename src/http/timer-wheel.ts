/**
 * Deadlines by the thousand without a timer object each: arming and cancelling touch a linked list. Deadlines are kept
 * to one tick, rounded up. One timer of the runtime sleeps until the next of them is due: most are cancelled long before
 * that, so a process that serves is seldom woken.
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
/** Entries that are looked at for the next that is due, before being woken for nothing is cheaper. */
const LOOKED_AT_MAX = 256;
const NEVER = Number.POSITIVE_INFINITY;

export class TimerWheel implements Disposable {
  readonly #tickMs: number;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #slots: (Deadline | undefined)[] = new Array<Deadline | undefined>(SLOTS).fill(
    undefined,
  );
  /** Everything that was due then has expired. */
  #tick = 0;
  #armed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** When the timer fires: not after the first that is due. */
  #wakeTick = NEVER;

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
    this.#armed++;
    const dueAtMs = this.#now() - this.#startedAtMs + Math.max(0, afterMs);
    const dueTick = Math.max(this.#tick + 1, Math.ceil(dueAtMs / this.#tickMs));
    deadline.dueTick = dueTick;
    const slot = dueTick % SLOTS;
    const head = this.#slots[slot];
    deadline.next = head;
    deadline.previous = undefined;
    if (head !== undefined) head.previous = deadline;
    this.#slots[slot] = deadline;
    if (dueTick < this.#wakeTick) this.#wakeAt(dueTick);
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
    this.#armed--;
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
    this.#tick = Math.max(this.#tick, target);
  }

  /** Nothing expires by itself any more, until something is armed again. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#wakeTick = NEVER;
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

  #wakeAt(tick: number): void {
    this[Symbol.dispose]();
    this.#wakeTick = tick;
    const inMs = tick * this.#tickMs - (this.#now() - this.#startedAtMs);
    this.#timer = setTimeout(this.#wake, Math.max(1, Math.ceil(inMs)));
    this.#timer.unref();
  }

  readonly #wake = (): void => {
    this.#wakeTick = NEVER;
    this.advance();
    if (this.#armed === 0) return;
    const next = this.#nextDueTick();
    if (next < this.#wakeTick) this.#wakeAt(next);
  };

  /** The first tick at which something is due; an earlier one when that would take long to find. */
  #nextDueTick(): number {
    let looked = 0;
    const last = this.#tick + SLOTS;
    for (let tick = this.#tick + 1; tick < last; tick++) {
      for (let entry = this.#slots[tick % SLOTS]; entry !== undefined; entry = entry.next)
        if (entry.dueTick <= tick || ++looked > LOOKED_AT_MAX) return tick;
    }
    return last;
  }
}

/** The wheel of the process. */
export const timerWheel = new TimerWheel(() => performance.now());
