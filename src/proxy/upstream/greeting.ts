import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import type { PeerError } from "#http/exchange.ts";
import { NetError } from "#net/net-error.ts";
import type { DialResult } from "./connection-pool.ts";
import { upstreamFailure } from "./upstream-failure.ts";

/** A connection that says when the server's settings have come. */
interface Greeted extends ClientConnection {
  readonly hasSettings: boolean;
}

/**
 * Stands between a connection of HTTP/2 and its pool until the server's settings have come: only then it is known that
 * HTTP/2 is spoken there, and how many requests the connection takes. Afterwards it passes everything on.
 */
export class Greeting implements ConnectionOwner {
  readonly #owner: ConnectionOwner;
  readonly #result: DialResult;
  readonly #credentials: unknown;
  readonly #what: string;
  #state: "waiting" | "greeted" | "over" = "waiting";

  constructor(owner: ConnectionOwner, result: DialResult, credentials: unknown, what: string) {
    this.#owner = owner;
    this.#result = result;
    this.#credentials = credentials;
    this.#what = what;
  }

  onAvailable(connection: Greeted): void {
    if (this.#state === "greeted") this.#owner.onAvailable(connection);
    else if (this.#state === "waiting" && connection.hasSettings) {
      this.#state = "greeted";
      this.#result.connected(connection, this.#credentials);
    }
  }

  onRetired(connection: Greeted, error: PeerError | undefined): void {
    if (this.#state === "greeted") this.#owner.onRetired(connection, error);
    else if (this.#state === "waiting") {
      this.#state = "over";
      const cause = error ?? new NetError("closed");
      const stage = { what: this.#what, mayBeStale: false, hasAnswered: false };
      this.#result.failed(upstreamFailure(cause, stage));
    }
  }
}
