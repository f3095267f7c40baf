import type { Transport } from "#net/transport.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import type { ClientExchange, ClientExchangeEvents, PeerError, RequestHead } from "../exchange.ts";

/** The pool's side of a connection. */
export interface ConnectionOwner {
  /** A place for another request became free. Called before the exchange's `onResponseEnd`. */
  onAvailable(connection: ClientConnection): void;
  /**
   * The connection takes no further request; exactly once. Still busy exchanges end on their own. `error` is undefined
   * for an orderly close (a `Connection: close`, an idle connection that the server ended).
   */
  onRetired(connection: ClientConnection, error: PeerError | undefined): void;
}

/** A connection to an upstream that carries requests: one at a time with HTTP/1, many with HTTP/2. */
export interface ClientConnection {
  readonly transport: Transport;
  readonly protocol: "http/1.1" | "h2";
  /** Requests that may be started now; 0 when busy or retired. */
  readonly available: number;
  readonly requestCount: number;
  /** The server may be asked to change the protocol of a request. */
  readonly allowsUpgrade: boolean;
  /** Monotonic milliseconds since when no request is under way; undefined while one is. */
  readonly idleSinceMs: number | undefined;
  /** From the server's `Keep-Alive: timeout=`; undefined when it never said. */
  readonly keepAliveMs: number | undefined;
  /**
   * Sends the head with the edits; the body follows with `write`/`end` (`end` also when there is none). Throws an Error
   * when `available` is 0. Events never come from inside this call.
   */
  send(
    request: RequestHead,
    edits: HeadEdits | undefined,
    events: ClientExchangeEvents,
  ): ClientExchange;
  /** Takes no further request; closes when the last exchange is over. */
  retire(): void;
  /** Closes now; a request under way fails. */
  destroy(): void;
}
