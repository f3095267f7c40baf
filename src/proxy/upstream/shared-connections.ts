import type { ClientConnection } from "#http/client/connection.ts";
import type { Freshness } from "./freshness.ts";
import type { PoolSettings } from "./pool-limits.ts";

/** A connection that many requests use at a time, and the most that it had room for. */
interface Shared {
  readonly connection: ClientConnection;
  capacity: number;
}

const SPARE_AT = 0.2;

/**
 * Connections of HTTP/2 to one host. The oldest with room is taken, so that the others fall idle, and end, as soon as
 * they are not needed.
 */
export class SharedConnections {
  readonly #freshness: Freshness;
  readonly #settings: PoolSettings;
  readonly #all: Shared[] = [];
  /** Room of a connection when it is new: what the last ones had. */
  usualCapacity = 100;
  /** After the last `take` so little room is left that it would not last until a connection is made. */
  isRunningLow = false;

  constructor(freshness: Freshness, settings: PoolSettings) {
    this.#freshness = freshness;
    this.#settings = settings;
  }

  get size(): number {
    return this.#all.length;
  }

  add(connection: ClientConnection): void {
    const { available } = connection;
    this.#all.push({ connection, capacity: available });
    if (available > 0) this.usualCapacity = available;
  }

  /** A connection with room. Those that may not be used are retired on the way. */
  take(mayRepeat: boolean): ClientConnection | undefined {
    for (let i = 0; i < this.#all.length; i++) {
      const shared = this.#all[i] as Shared;
      const { connection } = shared;
      const { available } = connection;
      if (available > shared.capacity || connection.idleSinceMs !== undefined) {
        shared.capacity = available;
        this.usualCapacity = Math.max(1, available);
      }
      if (this.#isOver(connection, mayRepeat)) {
        this.#all.splice(i--, 1);
        connection.retire();
      } else if (available > 0) {
        this.isRunningLow = available - 1 < shared.capacity * SPARE_AT && !this.#hasRoomAfter(i);
        return connection;
      }
    }
    return undefined;
  }

  #isOver(connection: ClientConnection, mayRepeat: boolean): boolean {
    if (this.isUsedUp(connection)) return true;
    // Only one that carries nothing now can have been left by its server unnoticed.
    return connection.idleSinceMs !== undefined && !this.#freshness.mayUse(connection, mayRepeat);
  }

  #hasRoomAfter(index: number): boolean {
    return this.#all.some(({ connection }, at) => at > index && connection.available > 0);
  }

  isUsedUp({ requestCount }: ClientConnection): boolean {
    const { maxRequestsPerConnection } = this.#settings;
    return maxRequestsPerConnection > 0 && requestCount >= maxRequestsPerConnection;
  }

  /** The server allows no requests now, though none is under way: another connection would not help. */
  get isHeldBack(): boolean {
    return this.#all.some(
      ({ connection }) => connection.idleSinceMs !== undefined && connection.available === 0,
    );
  }

  /** Room beside this one. */
  hasOther(than: ClientConnection): boolean {
    return this.#all.some(({ connection }) => connection !== than && connection.available > 0);
  }

  /** False: it was none of these. */
  remove(connection: ClientConnection): boolean {
    const at = this.#all.findIndex((shared) => shared.connection === connection);
    if (at !== -1) this.#all.splice(at, 1);
    return at !== -1;
  }

  /** Forgotten first: what we end ourselves says nothing about the server's habits. */
  retire(connection: ClientConnection): void {
    this.remove(connection);
    connection.retire();
  }

  retireStale(): void {
    for (const { connection } of this.#all.slice())
      if (!this.#freshness.isFresh(connection, true)) this.retire(connection);
  }

  /** False: each is in use. */
  retireIdle(): boolean {
    const idle = this.#all.find(({ connection }) => connection.idleSinceMs !== undefined);
    if (idle !== undefined) this.retire(idle.connection);
    return idle !== undefined;
  }

  clear(): void {
    this.#all.length = 0;
  }
}
