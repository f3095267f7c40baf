// What the gRPC client needs of HTTP/2, on the same client side that carries requests between proxies.
import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import type {
  ClientExchange,
  ClientExchangeEvents,
  FieldView,
  PeerError,
  RequestHead,
  ResponseHead,
} from "#http/exchange.ts";
import { http2Client } from "#http/http2/client-connection.ts";
import type { Http2Options } from "#http/http2/http2-options.ts";
import { BufferBudget } from "#http/http2/limits/buffer-budget.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { XdsError } from "../xds-error.ts";
import type { Exchange, ExchangeEvents, Http2Session, SessionRequest } from "./http2-session.ts";

const WINDOW_BYTES = 1024 * 1024;

const OPTIONS: Partial<Http2Options> = {
  dialect: "standard",
  streamWindowBytes: WINDOW_BYTES,
  connectionWindowBytes: WINDOW_BYTES,
  streamBufferBytes: WINDOW_BYTES,
  /** A budget of its own: traffic that fills memory must not cost a proxy its configuration, nor the other way round. */
  budget: new BufferBudget(64 * 1024 * 1024),
  /** A control plane whose host is gone says nothing: it is asked when it is silent. */
  keepAlive: { intervalMs: 20_000, timeoutMs: 10_000 },
};

/** A connection belongs to who opened it; there is no pool to tell. */
const NO_POOL: ConnectionOwner = { onAvailable: () => undefined, onRetired: () => undefined };

/** Speaks HTTP/2 over a connection on which that was agreed, and keeps it alive. */
export function openSession(
  transport: ClientConnection["transport"],
  options: Partial<Http2Options> = {},
): Http2Session {
  return new Session(http2Client(transport, NO_POOL, { ...OPTIONS, ...options }));
}

class Session implements Http2Session {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  open({ path, authority, fields }: SessionRequest, events: ExchangeEvents): Exchange {
    if (this.#connection.available === 0)
      throw new XdsError("unavailable", "the connection to the control plane is closed");
    const head = localRequestHead({
      method: "POST",
      target: path,
      // A body of unknown length, in the words of HTTP/1; HTTP/2 has no such field.
      fields: [["host", authority], ["transfer-encoding", "chunked"], ...fields],
    });
    return new SessionExchange(this.#connection, head, events);
  }

  close(): void {
    this.#connection.retire();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

class SessionExchange implements Exchange, ClientExchangeEvents {
  readonly #events: ExchangeEvents;
  readonly #exchange: ClientExchange;

  constructor(connection: ClientConnection, head: RequestHead, events: ExchangeEvents) {
    this.#events = events;
    this.#exchange = connection.send(head, undefined, this);
  }

  write(bytes: Uint8Array): boolean {
    return this.#exchange.write(bytes);
  }

  end(): void {
    this.#exchange.end();
  }

  cancel(): void {
    this.#exchange.abort();
  }

  // ── what the connection tells ──

  onInformational(): void {
    // 1xx says nothing about a call.
  }

  onResponse(head: ResponseHead): void {
    this.#events.head(head.status, head);
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.#events.data(bytes.subarray(start, end));
  }

  onResponseEnd(trailers: FieldView | undefined): void {
    if (trailers !== undefined) this.#events.trailers(trailers);
    this.#events.close(undefined);
  }

  onRequestDrain(): void {
    this.#events.drain();
  }

  onUpstreamError(error: PeerError): void {
    this.#events.close(error);
  }
}
