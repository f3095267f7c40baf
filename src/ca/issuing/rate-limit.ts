import { CaError } from "../ca-error.ts";

export interface RateLimitOptions {
  /** Requests at once. */
  readonly burst: number;
  readonly perSecond: number;
  /** Callers remembered; past this the one that was quiet longest is forgotten. */
  readonly callersMax: number;
}

/** Wide enough for a thousand replicas of one account that start together, over some seconds. */
const DEFAULT_RATE_LIMIT: RateLimitOptions = {
  burst: 200,
  perSecond: 50,
  callersMax: 10_000,
};

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** A token bucket per caller. Memory is bounded by `callersMax`. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions = DEFAULT_RATE_LIMIT) {
    this.#options = options;
  }

  /** Takes one request of `caller` at `monotonicMs`; throws CaError `too-many-requests`. */
  take(caller: string, monotonicMs: number): void {
    const bucket = this.#filled(caller, monotonicMs);
    this.#buckets.delete(caller); // to the end: the map's order is the order of last use
    this.#buckets.set(caller, bucket);
    this.#forgetQuietest();
    if (bucket.tokens < 1)
      throw new CaError(
        "too-many-requests",
        `${caller} asked for certificates too often; wait a second`,
      );
    bucket.tokens -= 1;
  }

  #filled(caller: string, nowMs: number): Bucket {
    const { burst, perSecond } = this.#options;
    const bucket = this.#buckets.get(caller);
    if (!bucket) return { tokens: burst, filledAtMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.filledAtMs) / 1000) * perSecond;
    return { tokens: Math.min(burst, bucket.tokens + gained), filledAtMs: nowMs };
  }

  #forgetQuietest(): void {
    if (this.#buckets.size <= this.#options.callersMax) return;
    for (const quietest of this.#buckets.keys()) {
      this.#buckets.delete(quietest);
      return;
    }
  }
}
