import type { ClientConnection } from "#http/client/connection.ts";
import type { Failure } from "../local-reply.ts";
import type { LimitedPool, PoolSettings, PoolUsage } from "./pool-limits.ts";

/** A request that waits for a connection. Exactly one of the calls comes, unless it cancels. */
export interface Waiter {
  /** The caller sends on the connection before it returns. */
  onConnection(connection: ClientConnection): void;
  onConnectionFailed(failure: Failure): void;
}

/** Requests that wait for a connection to one host, in the order in which they came. */
export class WaitingLine {
  readonly #pool: LimitedPool;
  readonly #usage: PoolUsage;
  readonly #waiters: Waiter[] = [];

  constructor(pool: LimitedPool, usage: PoolUsage) {
    this.#pool = pool;
    this.#usage = usage;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** False: as many wait already as the cluster allows. */
  join(waiter: Waiter, settings: PoolSettings): boolean {
    if (!this.#usage.startWaiting(settings)) return false;
    this.#waiters.push(waiter);
    return true;
  }

  leave(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at === -1) return;
    this.#waiters.splice(at, 1);
    this.#oneLess();
  }

  /** As many as the connection has room for. */
  serve(connection: ClientConnection): void {
    while (connection.available > 0) {
      const waiter = this.#next();
      if (waiter === undefined) return;
      waiter.onConnection(connection);
    }
  }

  fail(count: number, failure: Failure): void {
    for (let i = 0; i < count; i++) this.#next()?.onConnectionFailed(failure);
  }

  #next(): Waiter | undefined {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) this.#oneLess();
    return waiter;
  }

  #oneLess(): void {
    this.#usage.endWaiting();
    if (this.#waiters.length === 0) this.#usage.feed(this.#pool);
  }
}
