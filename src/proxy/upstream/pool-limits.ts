import { COUNTED, LocalCounts, type UsageCounts } from "../resilience/usage-counts.ts";

/** Replaced in place when the cluster's configuration changes. */
export interface PoolSettings {
  idleTimeoutMs: number;
  /** 0: no limit. */
  maxRequestsPerConnection: number;
  maxConnections: number;
  maxPendingRequests: number;
  maxConnectionDurationMs: number;
}

/** What the limits of a cluster ask of its pools. */
export interface LimitedPool {
  /** A place in the cluster's limit may have become free for requests that wait. */
  tryAgain(): void;
  /** True: an idle connection was closed, and its place in the cluster's limit is free. */
  giveUpIdle(): boolean;
}

/** The limits of a whole cluster at work. Connections that take no further request do not count any more. */
export class PoolUsage {
  readonly counts: UsageCounts;
  readonly pools = new Set<LimitedPool>();
  /** Pools whose requests wait although none of their own connections will become free. */
  readonly #starved = new Set<LimitedPool>();

  constructor(counts: UsageCounts = new LocalCounts()) {
    this.counts = counts;
  }

  get connections(): number {
    return this.counts.here(COUNTED.connections);
  }

  get pending(): number {
    return this.counts.here(COUNTED.pending);
  }

  /** False, and nothing is counted: as many requests wait as may. */
  startWaiting({ maxPendingRequests }: PoolSettings): boolean {
    return this.counts.take(COUNTED.pending, maxPendingRequests);
  }

  endWaiting(): void {
    this.counts.release(COUNTED.pending);
  }

  /** A place for one more connection; false, and nothing is counted: there is none. */
  takePlace({ maxConnections }: Pick<PoolSettings, "maxConnections">): boolean {
    return this.counts.take(COUNTED.connections, maxConnections);
  }

  /** `by` looks at the place first, then whoever has none. */
  givePlace(by: LimitedPool): void {
    this.counts.release(COUNTED.connections);
    by.tryAgain();
    const { starved } = this;
    if (starved !== by) starved?.tryAgain();
  }

  /** A pool without a connection of its own has found no place: another's idle connection makes room, now or later. */
  starve(pool: LimitedPool): void {
    this.#starved.add(pool);
    this.counts.wait(true);
    for (const other of this.pools) if (other.giveUpIdle()) return; // which tries again for us
  }

  feed(pool: LimitedPool): void {
    if (this.#starved.delete(pool) && this.#starved.size === 0) this.counts.wait(false);
  }

  /** Somebody else than this pool waits for a place. */
  isWanted(by: LimitedPool): boolean {
    if (this.counts.isAwaited) return true;
    const { starved } = this;
    return starved !== undefined && starved !== by;
  }

  get starved(): LimitedPool | undefined {
    if (this.#starved.size > 0) for (const pool of this.#starved) return pool;
    return undefined;
  }

  /** Another worker waits for a place, or has given one back. */
  stir(): void {
    this.starved?.tryAgain();
    if (!this.counts.isAwaited) return;
    for (const pool of this.pools) if (pool.giveUpIdle()) return;
  }
}
