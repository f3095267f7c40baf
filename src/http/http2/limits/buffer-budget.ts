/** One stream that holds bytes which its reader has not taken. */
export interface Holder {
  /** Of both directions. */
  readonly heldBytes: number;
  /** Gives the bytes up: the stream is reset. */
  giveUp(): void;
  /** The budget has room again, and the stream had been waiting for that. */
  onRoom(): void;
}

/** A connection, for finding the fullest of its streams. */
export interface HolderGroup {
  holders(): Iterable<Holder>;
}

/** What a stream may hold while the budget is used up. */
const TIGHT_STREAM_BYTES = 16 * 1024;
/** So far beyond the budget, streams are reset. */
const GIVE_UP_FACTOR = 1.25;

/**
 * Bounds what all streams of a process hold together. Past the limit the fuller streams are paused; when that does not
 * help, because their peers had been promised room, the fullest are reset.
 */
export class BufferBudget {
  usedBytes = 0;
  readonly limitBytes: number;
  readonly #groups = new Set<HolderGroup>();
  readonly #waiting = new Set<Holder>();
  #isRelieving = false;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get isTight(): boolean {
    return this.usedBytes > this.limitBytes;
  }

  /** The soft limit of a stream, which is `wantedBytes` while there is room. */
  streamLimit(wantedBytes: number): number {
    return this.usedBytes > this.limitBytes
      ? Math.min(wantedBytes, TIGHT_STREAM_BYTES)
      : wantedBytes;
  }

  join(group: HolderGroup): void {
    this.#groups.add(group);
  }

  leave(group: HolderGroup): void {
    this.#groups.delete(group);
  }

  add(bytes: number): void {
    this.usedBytes += bytes;
    if (this.usedBytes > this.limitBytes * GIVE_UP_FACTOR && !this.#isRelieving) {
      this.#isRelieving = true;
      // Not from within the call that added: its stream may be the fullest.
      queueMicrotask(() => this.#relieve());
    }
  }

  remove(bytes: number): void {
    this.usedBytes -= bytes;
    if (this.#waiting.size > 0 && !this.isTight) this.#wake();
  }

  /** Calls `onRoom` once there is room. */
  wait(holder: Holder): void {
    this.#waiting.add(holder);
  }

  forget(holder: Holder): void {
    this.#waiting.delete(holder);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const holder of waiting) holder.onRoom();
  }

  #relieve(): void {
    this.#isRelieving = false;
    while (this.isTight) {
      const fullest = this.#fullest();
      if (fullest === undefined) return;
      fullest.giveUp();
    }
  }

  #fullest(): Holder | undefined {
    let fullest: Holder | undefined;
    let most = 0;
    for (const group of this.#groups)
      for (const holder of group.holders()) {
        if (holder.heldBytes <= most) continue;
        most = holder.heldBytes;
        fullest = holder;
      }
    return fullest;
  }
}

/** The budget of the process. */
export const bufferBudget = new BufferBudget(64 * 1024 * 1024);
