import type { ClientConnection } from "#http/client/connection.ts";
import { KeepAlive } from "./keep-alive.ts";
import type { PoolSettings } from "./pool-limits.ts";

/** What is asked of the world to tell whether an idle connection still stands. */
export interface FreshnessSurroundings {
  readonly nowMs: () => number;
  readonly settings: PoolSettings;
  /** The kernel knows of an end (with HTTP/1 also of bytes) that the event loop has not told yet. */
  readonly hasPendingInput: (connection: ClientConnection) => boolean;
}

/** Whether the server of one host will still be there when a request reaches it on a connection that was idle. */
export class Freshness {
  readonly #surroundings: FreshnessSurroundings;
  readonly #keepAlive = new KeepAlive();

  constructor(surroundings: FreshnessSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The server closed it on its own account. */
  closedWhileIdle(connection: ClientConnection): void {
    const { idleSinceMs } = connection;
    if (idleSinceMs === undefined) return;
    const nowMs = this.#surroundings.nowMs();
    this.#keepAlive.closedWhileIdle(nowMs - idleSinceMs, nowMs);
  }

  /** A connection that is busy is; with HTTP/2 the server says which requests it will not serve, so time counts less. */
  isFresh(connection: ClientConnection, mayRepeat: boolean): boolean {
    const { idleSinceMs, keepAliveMs, protocol } = connection;
    if (idleSinceMs === undefined) return true;
    const { nowMs, settings } = this.#surroundings;
    return this.#keepAlive.isFresh(
      nowMs() - idleSinceMs,
      keepAliveMs,
      mayRepeat || protocol === "h2",
      settings.idleTimeoutMs,
    );
  }

  /** Before it is given a request: a server that died a moment ago has told the kernel already. */
  mayUse(connection: ClientConnection, mayRepeat: boolean): boolean {
    if (!this.isFresh(connection, mayRepeat)) return false;
    return mayRepeat || !this.#surroundings.hasPendingInput(connection);
  }
}
