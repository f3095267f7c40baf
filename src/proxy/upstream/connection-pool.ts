import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import type { PeerError } from "#http/exchange.ts";
import type { Failure } from "../local-reply.ts";
import { Freshness, type FreshnessSurroundings } from "./freshness.ts";
import { IdleConnections } from "./idle-connections.ts";
import type { LimitedPool, PoolUsage } from "./pool-limits.ts";
import { SharedConnections } from "./shared-connections.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

/** Told once how a dial ended; `connected` is followed by the owner's calls for the connection's life. */
export interface DialResult {
  /** `credentials`: what was shown of this side, the same object for the same certificate. */
  connected(connection: ClientConnection, credentials?: unknown): void;
  failed(failure: Failure): void;
}

/** How the connections of one pool are made. */
export interface PoolDialler {
  /** Connects, TLS and secure naming included. */
  dial(owner: ConnectionOwner, result: DialResult): void;
  /** Whether a connection may turn out to carry many requests at a time. */
  readonly mayShare: boolean;
  /** What the next `dial` would show of this side; undefined when it shows nothing. */
  credentials(): unknown;
}

/** What the pools of one cluster share. */
export interface PoolSurroundings extends FreshnessSurroundings {
  readonly random: () => number;
  /** `payments.shop.svc.cluster.local:9090`, for messages. */
  readonly what: string;
  readonly usage: PoolUsage;
}

/** What is remembered of a connection. */
interface Made {
  readonly atMs: number;
  readonly credentials: unknown;
}

/**
 * The connections to one host. A request takes one at once, else waits while one is made; a connection that becomes free
 * meanwhile serves whoever waits longest.
 *
 *   dialling ─┬─► idle ◄──► busy ──► retired        HTTP/1: one request at a time, one dial for each that waits
 *             └─► shared ──────────► retired        HTTP/2: all wait for one dial, a spare one is made before it is full
 */
export class ConnectionPool implements ConnectionOwner, LimitedPool {
  readonly #dialler: PoolDialler;
  readonly #address: string;
  readonly #surroundings: PoolSurroundings;
  readonly #made = new Map<ClientConnection, Made>();
  readonly #freshness: Freshness;
  readonly #idle: IdleConnections;
  readonly #shares: SharedConnections;
  readonly #line: WaitingLine;
  /** Too old, or made with a certificate of before: they go as soon as they can be spared. */
  readonly #leaving = new Set<ClientConnection>();
  #dialling = 0;
  /** What the last dial ended in; until then the best is hoped for. */
  #isShared: boolean;
  #spareNotBeforeMs = 0;
  #isClosed = false;

  constructor(address: string, dialler: PoolDialler, surroundings: PoolSurroundings) {
    this.#address = address;
    this.#dialler = dialler;
    this.#surroundings = surroundings;
    this.#isShared = dialler.mayShare;
    this.#freshness = new Freshness(surroundings);
    this.#idle = new IdleConnections(this.#freshness);
    this.#shares = new SharedConnections(this.#freshness, surroundings.settings);
    this.#line = new WaitingLine(this, surroundings.usage);
    surroundings.usage.pools.add(this);
  }

  get connections(): number {
    return this.#made.size;
  }

  get idleConnections(): number {
    return this.#idle.size;
  }

  get sharedConnections(): number {
    return this.#shares.size;
  }

  /**
   * A connection at once, or undefined: then the waiter is told later. "overflow": as many requests wait already as the
   * cluster allows.
   */
  acquire(waiter: Waiter, mayRepeat: boolean): ClientConnection | "overflow" | undefined {
    const shared = this.#shares.size === 0 ? undefined : this.#shares.take(mayRepeat);
    if (shared !== undefined) {
      if (this.#shares.isRunningLow) this.#dialSpare();
      return shared;
    }
    const idle = this.#idle.take(mayRepeat);
    if (idle !== undefined) return idle;
    if (!this.#line.join(waiter, this.#surroundings.settings)) return "overflow";
    this.tryAgain();
    return undefined;
  }

  cancel(waiter: Waiter): void {
    this.#line.leave(waiter);
  }

  /** Closes connections that nobody will be given any more, and lets go of those whose time is over. */
  sweep(): void {
    this.#idle.retireStale();
    this.#shares.retireStale();
    if (this.#made.size === 0) return;
    const { nowMs, settings, random } = this.#surroundings;
    const oldestMs = nowMs() - settings.maxConnectionDurationMs;
    const current = this.#dialler.credentials();
    for (const [connection, { atMs, credentials }] of [...this.#made]) {
      const isOfBefore = current !== undefined && credentials !== current;
      if (atMs <= oldestMs || (isOfBefore && random() < RENEWED_PER_SWEEP)) this.#leave(connection);
    }
  }

  /** The host is gone: idle connections close, busy ones finish what they do. */
  close(): void {
    this.#isClosed = true;
    this.#surroundings.usage.pools.delete(this);
    this.#idle.clear();
    this.#shares.clear();
    for (const connection of [...this.#made.keys()]) connection.retire();
    this.#line.fail(this.#line.length, {
      code: "no-healthy-upstream",
      message: `${this.#surroundings.what}: ${this.#address} has left the destination`,
    });
  }

  onAvailable(connection: ClientConnection): void {
    const hasLeft = this.#leaving.size > 0 && connection.protocol !== "h2";
    if (
      this.#isClosed ||
      this.#surroundings.usage.counts.isOverdue ||
      this.#shares.isUsedUp(connection) ||
      (hasLeft && this.#leaving.delete(connection))
    ) {
      connection.retire();
      return;
    }
    if (this.#line.length > 0) this.#line.serve(connection);
    if (connection.available === 0) return;
    if (this.#surroundings.usage.isWanted(this)) {
      if (connection.idleSinceMs !== undefined) connection.retire();
    } else if (connection.protocol !== "h2") this.#idle.add(connection);
  }

  onRetired(connection: ClientConnection, error: PeerError | undefined): void {
    const wasFree = this.#idle.remove(connection) || this.#shares.remove(connection);
    if (!this.#made.delete(connection)) return;
    this.#leaving.delete(connection);
    if (wasFree && error === undefined) this.#freshness.closedWhileIdle(connection);
    this.#surroundings.usage.givePlace(this);
  }

  /** One dial per waiter; where connections are shared, as many as they will fill. */
  tryAgain(): void {
    const { usage, settings } = this.#surroundings;
    while (this.#dialling < this.#wantedDials()) {
      if (!usage.takePlace(settings)) {
        if (this.#made.size === 0 && this.#dialling === 0) usage.starve(this);
        return;
      }
      usage.feed(this);
      this.#dial();
    }
  }

  giveUpIdle(): boolean {
    return this.#idle.retireOldest() || this.#shares.retireIdle();
  }

  #wantedDials(): number {
    const { length } = this.#line;
    if (!this.#isShared || length === 0) return length;
    if (this.#shares.isHeldBack) return 0;
    return Math.ceil(length / this.#shares.usualCapacity);
  }

  /** False: the limit of connections does not allow one. */
  #dialSpare(): boolean {
    if (this.#dialling > 0) return true;
    const { usage, settings, nowMs } = this.#surroundings;
    if (nowMs() < this.#spareNotBeforeMs) return true;
    if (!usage.takePlace(settings)) return false;
    this.#dial();
    return true;
  }

  /** Its place is taken already. */
  #dial(): void {
    this.#dialling++;
    this.#dialler.dial(this, {
      connected: (connection, credentials) => this.#connected(connection, credentials),
      failed: (failure) => this.#dialFailed(failure),
    });
  }

  #connected(connection: ClientConnection, credentials: unknown): void {
    this.#dialling--;
    this.#made.set(connection, { atMs: this.#surroundings.nowMs(), credentials });
    this.#isShared = connection.protocol === "h2";
    if (this.#isShared && !this.#isClosed) {
      this.#shares.add(connection);
      for (const old of [...this.#leaving]) this.#shares.retire(old);
    }
    this.onAvailable(connection);
    this.tryAgain();
  }

  /** Whoever waited for this dial fails with it; those whom another dial will serve wait on. */
  #dialFailed(failure: Failure): void {
    const { nowMs, usage } = this.#surroundings;
    const dials = this.#dialling--;
    this.#spareNotBeforeMs = nowMs() + SPARE_RETRY_MS;
    const { length } = this.#line;
    const failed = this.#isShared ? Math.ceil(length / dials) : Math.min(1, length - dials + 1);
    this.#line.fail(failed, failure);
    usage.givePlace(this);
  }

  /** With requests under way, a shared connection waits for its successor, so that nobody waits for that. */
  #leave(connection: ClientConnection): void {
    const isBusy = connection.idleSinceMs === undefined;
    if (connection.protocol !== "h2") {
      if (isBusy) this.#leaving.add(connection);
      else this.#idle.retire(connection);
    } else if (isBusy && !this.#shares.hasOther(connection) && this.#dialSpare())
      this.#leaving.add(connection);
    else this.#shares.retire(connection);
  }
}

/** After a renewal of the certificate, half of the connections are made anew within 20 s. */
const RENEWED_PER_SWEEP = 1 / 30;
const SPARE_RETRY_MS = 1_000;
