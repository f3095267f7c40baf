import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import type { PeerError } from "#http/exchange.ts";
import type { Failure } from "../local-reply.ts";
import { COUNTED, LocalCounts, type UsageCounts } from "../resilience/usage-counts.ts";
import type { Host } from "./host.ts";
import { KeepAlive } from "./keep-alive.ts";

/** A request that waits for a connection. Exactly one of the calls comes, unless it cancels. */
export interface Waiter {
  /** The caller sends on the connection before it returns. */
  onConnection(connection: ClientConnection): void;
  onConnectionFailed(failure: Failure): void;
}

/** Told once how a dial ended; `connected` is followed by the owner's calls for the connection's life. */
export interface DialResult {
  connected(connection: ClientConnection): void;
  failed(failure: Failure): void;
}

/** Connects to a host, TLS and secure naming included. */
export type Dial = (host: Host, owner: ConnectionOwner, result: DialResult) => void;

/** What the pools of one cluster share. */
export interface PoolSurroundings {
  readonly dial: Dial;
  readonly nowMs: () => number;
  /** The kernel knows something about this idle connection that the event loop has not told yet. */
  readonly hasPendingInput: (connection: ClientConnection) => boolean;
  /** `payments.shop.svc.cluster.local:9090`, for messages. */
  readonly what: string;
  readonly settings: PoolSettings;
  readonly usage: PoolUsage;
}

/** Replaced in place when the cluster's configuration changes. */
export interface PoolSettings {
  idleTimeoutMs: number;
  maxRequestsPerConnection: number;
  maxConnections: number;
  maxPendingRequests: number;
}

/** Counts of the whole cluster. */
export class PoolUsage {
  readonly counts: UsageCounts;
  readonly pools = new Set<ConnectionPool>();
  readonly #starved = new Set<ConnectionPool>();

  constructor(counts: UsageCounts = new LocalCounts()) {
    this.counts = counts;
  }

  get connections(): number {
    return this.counts.here(COUNTED.connections);
  }

  get pending(): number {
    return this.counts.here(COUNTED.pending);
  }

  /** A pool whose requests wait although none of its own connections will become free. */
  get starved(): ConnectionPool | undefined {
    for (const pool of this.#starved) return pool;
    return undefined;
  }

  starve(pool: ConnectionPool): void {
    this.#starved.add(pool);
    this.counts.wait(true);
  }

  feed(pool: ConnectionPool): void {
    if (this.#starved.delete(pool) && this.#starved.size === 0) this.counts.wait(false);
  }

  /** Another worker waits for a place, or has given one back. */
  stir(): void {
    this.starved?.tryAgain();
    if (!this.counts.isAwaited) return;
    for (const pool of this.pools) if (pool.giveUpIdle()) return;
  }
}

/**
 * The connections to one host. A request takes the idle one that was used last, else waits while a new one is made; a
 * connection that becomes free meanwhile serves whoever waits longest.
 *
 *   dialling ──► idle ◄──► busy ──► retired
 */
export class ConnectionPool implements ConnectionOwner {
  readonly #host: Host;
  readonly #shared: PoolSurroundings;
  readonly #all = new Set<ClientConnection>();
  /** Oldest first. */
  readonly #idle: ClientConnection[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #keepAlive = new KeepAlive();
  #dialling = 0;
  #isClosed = false;

  constructor(host: Host, surroundings: PoolSurroundings) {
    this.#host = host;
    this.#shared = surroundings;
    surroundings.usage.pools.add(this);
  }

  get connections(): number {
    return this.#all.size;
  }

  get idleConnections(): number {
    return this.#idle.length;
  }

  /**
   * An idle connection at once, or undefined: then the waiter is told later. "overflow": as many requests wait already as
   * the cluster allows.
   */
  acquire(waiter: Waiter, mayRepeat: boolean): ClientConnection | "overflow" | undefined {
    const idle = this.#takeIdle(mayRepeat);
    if (idle !== undefined) return idle;
    const { usage, settings } = this.#shared;
    if (!usage.counts.take(COUNTED.pending, settings.maxPendingRequests)) return "overflow";
    this.#waiters.push(waiter);
    this.#dialForWaiters();
    return undefined;
  }

  cancel(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at === -1) return;
    this.#waiters.splice(at, 1);
    this.#shared.usage.counts.release(COUNTED.pending);
    if (this.#waiters.length === 0) this.#shared.usage.feed(this);
  }

  /** Closes connections that nobody will be given any more. */
  sweep(): void {
    for (const connection of this.#idle.slice())
      if (!this.#isFresh(connection, true)) this.#retireIdle(connection);
  }

  /** The host is gone: idle connections close, busy ones finish what they do. */
  close(): void {
    this.#isClosed = true;
    this.#shared.usage.pools.delete(this);
    this.#idle.length = 0;
    for (const connection of [...this.#all]) connection.retire();
    const failure: Failure = {
      code: "no-healthy-upstream",
      message: `${this.#shared.what}: ${this.#host.address} has left the destination`,
    };
    this.#failWaiters(failure);
  }

  onAvailable(connection: ClientConnection): void {
    const { maxRequestsPerConnection } = this.#shared.settings;
    const usedUp =
      maxRequestsPerConnection > 0 && connection.requestCount >= maxRequestsPerConnection;
    if (this.#isClosed || usedUp) {
      connection.retire();
      return;
    }
    const waiter = this.#nextWaiter();
    if (waiter !== undefined) {
      waiter.onConnection(connection);
      return;
    }
    const { starved, counts } = this.#shared.usage;
    if (counts.isAwaited || (starved !== undefined && starved !== this)) connection.retire();
    else this.#idle.push(connection);
  }

  onRetired(connection: ClientConnection, error: PeerError | undefined): void {
    const { idleSinceMs } = connection;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) {
      this.#idle.splice(at, 1);
      if (idleSinceMs !== undefined && this.#all.has(connection) && error === undefined)
        this.#keepAlive.closedWhileIdle(this.#shared.nowMs() - idleSinceMs);
    }
    if (!this.#all.delete(connection)) return;
    this.#shared.usage.counts.release(COUNTED.connections);
    this.#connectionGone();
  }

  #takeIdle(mayRepeat: boolean): ClientConnection | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.available > 0 && this.#isFresh(last, mayRepeat)) {
        // A server that died a moment ago has told the kernel already: what cannot be repeated is not sent into its grave.
        if (mayRepeat || !this.#shared.hasPendingInput(last)) return last;
      }
      last.retire();
    }
    return undefined;
  }

  #isFresh(connection: ClientConnection, mayRepeat: boolean): boolean {
    const { idleSinceMs, keepAliveMs } = connection;
    if (idleSinceMs === undefined) return true;
    const idleMs = this.#shared.nowMs() - idleSinceMs;
    return this.#keepAlive.isFresh(
      idleMs,
      keepAliveMs,
      mayRepeat,
      this.#shared.settings.idleTimeoutMs,
    );
  }

  #nextWaiter(): Waiter | undefined {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return undefined;
    this.#shared.usage.counts.release(COUNTED.pending);
    if (this.#waiters.length === 0) this.#shared.usage.feed(this);
    return waiter;
  }

  /** One dial per waiter, as far as the cluster's limit allows. */
  #dialForWaiters(): void {
    const { usage, settings } = this.#shared;
    while (this.#dialling < this.#waiters.length) {
      if (!usage.counts.take(COUNTED.connections, settings.maxConnections)) {
        if (this.#all.size > 0 || this.#dialling > 0) return;
        usage.starve(this);
        for (const pool of usage.pools) if (pool.giveUpIdle()) return; // which dials for us
        return;
      }
      usage.feed(this);
      this.#dialling++;
      this.#dial();
    }
  }

  /** A place in the cluster's limit may have become free. */
  tryAgain(): void {
    if (this.#waiters.length > 0) this.#dialForWaiters();
  }

  /** True: a place in the cluster's limit became free. */
  giveUpIdle(): boolean {
    const [oldest] = this.#idle;
    if (oldest !== undefined) this.#retireIdle(oldest);
    return oldest !== undefined;
  }

  /** Forgotten first: what we close ourselves says nothing about the server's habits. */
  #retireIdle(connection: ClientConnection): void {
    this.#idle.splice(this.#idle.indexOf(connection), 1);
    connection.retire();
  }

  #dial(): void {
    this.#shared.dial(this.#host, this, {
      connected: (connection) => {
        this.#dialling--;
        this.#all.add(connection);
        this.onAvailable(connection);
      },
      failed: (failure) => {
        this.#dialling--;
        this.#shared.usage.counts.release(COUNTED.connections);
        if (this.#waiters.length > this.#dialling) this.#nextWaiter()?.onConnectionFailed(failure);
        this.#connectionGone();
      },
    });
  }

  #connectionGone(): void {
    this.tryAgain();
    const { starved } = this.#shared.usage;
    if (starved !== undefined && starved !== this) starved.tryAgain();
  }

  #failWaiters(failure: Failure): void {
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter())
      waiter.onConnectionFailed(failure);
  }
}
