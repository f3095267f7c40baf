import { turn } from "#net/flush-turn.ts";

/** Below a quarter of the answers that may be unread. */
const FRAMES_PER_TURN = 240;

/** Of one connection: one read brings tens of thousands of the smallest frames, and others wait meanwhile. */
export class FrameBudget {
  #turn = 0;
  #frames = 0;

  /** Counts a frame. False when no further one should be read in this turn. */
  count(): boolean {
    if (this.#turn !== turn.number) {
      this.#turn = turn.number;
      this.#frames = 0;
    }
    return ++this.#frames < FRAMES_PER_TURN;
  }

  /** What waited is read on. */
  renew(): void {
    this.#frames = 0;
  }
}
