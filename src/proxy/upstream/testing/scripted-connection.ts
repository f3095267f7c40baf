import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import type { PeerError } from "#http/exchange.ts";
import type { Waiter } from "../waiting-line.ts";

/** A connection whose other end is the test. */
export class ScriptedConnection implements ClientConnection {
  readonly protocol: "http/1.1" | "h2";
  readonly allowsUpgrade = true;
  available: number;
  requestCount = 0;
  idleSinceMs: number | undefined = 0;
  keepAliveMs: number | undefined;
  isRetired = false;
  active = 0;
  readonly owner: ConnectionOwner;

  constructor(owner: ConnectionOwner, protocol: "http/1.1" | "h2" = "http/1.1", streams = 1) {
    this.owner = owner;
    this.protocol = protocol;
    this.available = streams;
  }

  get transport(): never {
    throw new Error("the pool looks at no transport");
  }

  /** By the pool's users, never by the pool. */
  send(): never {
    throw new Error("the pool sends nothing");
  }

  retire(error?: PeerError): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.available = 0;
    this.owner.onRetired(this, error);
  }

  destroy(): void {
    this.retire();
  }

  /** What sending does. */
  use(): void {
    if (this.available === 0) throw new Error("there is no place left");
    this.requestCount++;
    this.active++;
    this.available--;
    this.idleSinceMs = undefined;
  }

  /** A request that used it is over. */
  free(nowMs: number): void {
    this.active--;
    if (this.active === 0) this.idleSinceMs = nowMs;
    if (this.isRetired) return;
    this.available++;
    this.owner.onAvailable(this);
  }
}

/** Sends on what it gets, and remembers. */
export class RecordingWaiter implements Waiter {
  readonly got: ClientConnection[] = [];
  readonly failures: string[] = [];

  onConnection(connection: ClientConnection): void {
    this.got.push(connection);
    if (connection instanceof ScriptedConnection) connection.use();
  }

  onConnectionFailed({ code }: { readonly code: string }): void {
    this.failures.push(code);
  }
}
