/** The server's side of an HTTP/2 connection: requests become exchanges, and the connection ends in two steps. */
import type { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import type { Http1RequestHead } from "#wire/http1/head.ts";
import { decodeRequestHead } from "#wire/http2/head/decode-request-head.ts";
import { decodeTrailers } from "#wire/http2/head/decode-trailers.ts";
import type { DecodeHeadOptions } from "#wire/http2/head/dialect.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import type { RequestHandler } from "../exchange.ts";
import type { ServerConnection } from "../server/server-connection.ts";
import { Http2Connection, type Http2Role } from "./connection.ts";
import { GracefulEnd } from "./graceful-end.ts";
import { type Http2Options, http2Options } from "./http2-options.ts";
import { Refusal } from "./refusal.ts";
import { type Http2ExchangeHost, Http2ServerExchange } from "./server-exchange.ts";
import type { Http2Stream } from "./stream.ts";

/** A head counts as one more request of a turn for each 4 KiB, and for each KiB that it came as. */
const LARGE_HEAD_BITS = 12;
const LARGE_BLOCK_BITS = 10;

/** Serves requests until the connection ends. `onClosed` is called once. */
export function serveHttp2(
  transport: Transport,
  handler: RequestHandler,
  options: Partial<Http2Options> = {},
  onClosed: (connection: ServerConnection) => void = () => undefined,
): ServerConnection {
  return new Http2ServerConnection(transport, handler, http2Options(options), onClosed);
}

/** As `serveHttp2`, for listeners: the options are merged once, not per connection. */
export function http2Server(
  handler: RequestHandler,
  options: Partial<Http2Options> = {},
): (transport: Transport, onClosed?: (connection: ServerConnection) => void) => ServerConnection {
  const merged = http2Options(options);
  return (transport, onClosed = () => undefined) =>
    new Http2ServerConnection(transport, handler, merged, onClosed);
}

class Http2ServerConnection implements ServerConnection, Http2Role, Http2ExchangeHost {
  readonly transport: Transport;
  readonly connection: Http2Connection;
  readonly isServer = true;
  readonly #handler: RequestHandler;
  readonly #onClosed: (connection: ServerConnection) => void;
  readonly #end: GracefulEnd;
  /** How heads are decoded that end their stream, and those that do not. */
  readonly #whole: DecodeHeadOptions;
  readonly #open: DecodeHeadOptions;
  #startedThisTurn = 0;
  /** Asked once per turn; 0 before. */
  #now = 0;

  constructor(
    transport: Transport,
    handler: RequestHandler,
    options: Http2Options,
    onClosed: (connection: ServerConnection) => void,
  ) {
    this.transport = transport;
    this.#handler = handler;
    this.#onClosed = onClosed;
    const { head: limits, dialect, allowsExtendedConnect } = options;
    this.#whole = { limits, endStream: true, dialect, allowsExtendedConnect };
    this.#open = { ...this.#whole, endStream: false };
    this.connection = new Http2Connection(transport, this, options);
    this.#end = new GracefulEnd(this.connection);
    this.connection.start();
  }

  get isIdle(): boolean {
    return this.connection.streams.size === 0;
  }

  drain(): void {
    this.#end.begin();
  }

  destroy(): void {
    this.transport.destroy();
  }

  // ── what the connection tells ──

  onHeaderBlock(
    streamId: number,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void {
    const { connection } = this;
    const stream = connection.streams.get(streamId);
    if (stream !== undefined) {
      this.#onTrailers(stream, endStream, block, start, end);
      return;
    }
    if ((streamId & 1) === 0) throw new Http2Error("bad-stream-id");
    if (streamId > connection.highestStreamId)
      this.#onRequest(streamId, endStream, block, start, end);
    else this.#onLate(streamId, block, start, end);
  }

  #onTrailers(
    stream: Http2Stream,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void {
    const { connection } = this;
    if (stream.isReceived) {
      connection.skipHeaderBlock(block, start, end);
      throw new Http2Error("stream-closed");
    }
    const to = this.#optionsFor(endStream);
    stream.receiveEnd(decodeTrailers(connection.decoder, block, start, end, to));
  }

  /** A header block for a stream that is over. */
  #onLate(streamId: number, block: Buffer, start: number, end: number): void {
    const closing = this.connection.closed.find(streamId);
    if (closing === undefined) throw new Http2Error("bad-stream-id");
    if (closing !== "reset-by-us") throw new Http2Error("closed-stream");
    this.connection.guard.onControl();
    this.connection.skipHeaderBlock(block, start, end);
  }

  #onRequest(
    streamId: number,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void {
    const { connection } = this;
    connection.highestStreamId = streamId;
    // A head that is refused may have cost more than one that is served.
    this.#startedThisTurn += 1 + ((end - start) >>> LARGE_BLOCK_BITS);
    if (this.#startedThisTurn >= connection.options.requestsPerTurn) connection.halt();
    if (this.#end.refuses(streamId) || this.#isFull()) {
      this.connection.skipHeaderBlock(block, start, end);
      connection.refuseStream(streamId, "REFUSED_STREAM");
      return;
    }
    let head: Http1RequestHead | undefined;
    let fault: Http2Error | undefined;
    try {
      const to = this.#optionsFor(endStream);
      head = decodeRequestHead(connection.decoder, block, start, end, to);
    } catch (cause) {
      if (!(cause instanceof Http2Error) || cause.scope !== "stream") throw cause;
      fault = cause;
    }
    if (head !== undefined) this.#begin(streamId, head, endStream);
    else if (fault !== undefined) this.#refuse(streamId, fault, endStream);
  }

  #isFull(): boolean {
    const { streams, heldHeadBytes, options } = this.connection;
    return streams.size >= options.maxConcurrentStreams || heldHeadBytes >= options.heldHeadBytes;
  }

  #begin(streamId: number, head: Http1RequestHead, endStream: boolean): void {
    const { connection } = this;
    if (this.#now === 0) this.#now = connection.options.now();
    const stream = connection.addStream(streamId, this.#now);
    const { sizeBytes } = head;
    stream.headBytes = sizeBytes;
    connection.heldHeadBytes += sizeBytes;
    this.#startedThisTurn += sizeBytes >>> LARGE_HEAD_BITS;
    if (head.bodyKind === "length") stream.expectedBytes = head.contentLength;
    else if (head.contentLength === 0) stream.expectedBytes = 0;
    const exchange = new Http2ServerExchange(head, stream, this);
    exchange.events = this.#handler(exchange);
    if (endStream) stream.receiveEnd(undefined);
    connection.touch();
  }

  /** Some faults can be answered; a message that is malformed cannot (RFC 9113 section 8.1.1). */
  #refuse(streamId: number, fault: Http2Error, endStream: boolean): void {
    const { connection } = this;
    const { status } = fault;
    if (status === 400 || status >= 500) {
      connection.refuseStream(streamId, fault.code);
      return;
    }
    const now = connection.options.now();
    const refusal = new Refusal(connection, connection.addStream(streamId, now), fault);
    if (endStream) refusal.stream.receiveEnd(undefined);
    connection.guard.onReset(now);
  }

  #optionsFor(endStream: boolean): DecodeHeadOptions {
    return endStream ? this.#whole : this.#open;
  }

  onPeerSettings(): void {
    // The connection has taken them over.
  }

  onPingAck(bytes: Buffer, at: number): void {
    this.#end.onPingAck(bytes, at);
  }

  onGoaway(): void {
    // A client that goes away still wants its answers, and closes the connection itself.
  }

  onStreamGone(): void {
    // The connection ends by itself when it is to end with its last stream.
  }

  onIdleTimeout(): void {
    this.#end.begin();
  }

  onTurnEnd(): void {
    this.#startedThisTurn = 0;
    this.#now = 0;
  }

  onConnectionOver(): void {
    this.#end.stop();
  }

  onTransportClosed(): void {
    this.#onClosed(this);
  }
}
