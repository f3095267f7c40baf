export interface TokenRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Lets a burst through at once, and more at a rate. The clock is asked only when the tokens run out. */
export class TokenBucket {
  readonly #rate: TokenRate;
  #tokens: number;
  #filledAtMs: number;

  constructor(rate: TokenRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAtMs = nowMs;
  }

  /** False when there is no token left. */
  take(now: () => number): boolean {
    if (this.#tokens < 1) this.#fill(now());
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #fill(nowMs: number): void {
    const { burst, perSecond } = this.#rate;
    const earned = ((nowMs - this.#filledAtMs) / 1_000) * perSecond;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#filledAtMs = nowMs;
  }
}
