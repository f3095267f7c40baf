import type { ClientConnection } from "#http/client/connection.ts";
import type { Freshness } from "./freshness.ts";

/** Connections of HTTP/1 to one host that wait for a request. */
export class IdleConnections {
  readonly #freshness: Freshness;
  /** Oldest first. */
  readonly #all: ClientConnection[] = [];

  constructor(freshness: Freshness) {
    this.#freshness = freshness;
  }

  get size(): number {
    return this.#all.length;
  }

  add(connection: ClientConnection): void {
    this.#all.push(connection);
  }

  /** The one that was used last. Those that may not be used are retired on the way. */
  take(mayRepeat: boolean): ClientConnection | undefined {
    for (let last = this.#all.pop(); last !== undefined; last = this.#all.pop()) {
      if (last.available > 0 && this.#freshness.mayUse(last, mayRepeat)) return last;
      last.retire();
    }
    return undefined;
  }

  /** False: it was none of these. */
  remove(connection: ClientConnection): boolean {
    const at = this.#all.indexOf(connection);
    if (at !== -1) this.#all.splice(at, 1);
    return at !== -1;
  }

  /** Forgotten first: what we close ourselves says nothing about the server's habits. */
  retire(connection: ClientConnection): void {
    this.remove(connection);
    connection.retire();
  }

  retireStale(): void {
    for (const connection of this.#all.slice())
      if (!this.#freshness.isFresh(connection, true)) this.retire(connection);
  }

  /** False: there is none. */
  retireOldest(): boolean {
    const [oldest] = this.#all;
    if (oldest !== undefined) this.retire(oldest);
    return oldest !== undefined;
  }

  clear(): void {
    this.#all.length = 0;
  }
}
