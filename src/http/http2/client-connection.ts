/** The client's side of an HTTP/2 connection: many requests at a time, as many as the server lets us have. */
import type { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import type { Http1RequestHead } from "#wire/http1/head.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import { MAX_STREAM_ID } from "#wire/http2/frame-header.ts";
import type { Goaway } from "#wire/http2/goaway.ts";
import {
  type DecodeResponseOptions,
  decodeResponseHead,
} from "#wire/http2/head/decode-response-head.ts";
import { decodeTrailers } from "#wire/http2/head/decode-trailers.ts";
import { encodeRequestHead, isExtendedConnect } from "#wire/http2/head/encode-request-head.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import type { ClientConnection, ConnectionOwner } from "../client/connection.ts";
import { http1Request, scratch } from "../encode-scratch.ts";
import type { ClientExchange, ClientExchangeEvents, PeerError, RequestHead } from "../exchange.ts";
import { Http2ClientExchange } from "./client-exchange.ts";
import { Http2Connection, type Http2Role } from "./connection.ts";
import { type Http2Options, http2Options } from "./http2-options.ts";
import type { Http2Stream } from "./stream.ts";

/** What a connection of HTTP/2 can tell beyond every connection. */
export interface Http2ClientConnection extends ClientConnection {
  readonly protocol: "h2";
  /** The server's settings have come: before, `available` is a guess and upgrades are refused. */
  readonly hasSettings: boolean;
}

/** Speaks HTTP/2 over a connected transport. Options that were not given are those of the dialect. */
export function http2Client(
  transport: Transport,
  owner: ConnectionOwner,
  options: Partial<Http2Options> = {},
): Http2ClientConnection {
  return new Http2ClientSide(transport, owner, http2Options(options));
}

/** What `decodeResponseHead` is told, reused for each response. */
class ResponseOptions implements DecodeResponseOptions {
  readonly limits: DecodeResponseOptions["limits"];
  readonly dialect: Http2Options["dialect"];
  readonly allowsExtendedConnect = true;
  endStream = false;
  method = "";
  upgrade = "";

  constructor({ head, dialect }: Http2Options) {
    this.limits = head;
    this.dialect = dialect;
  }

  for(exchange: Http2ClientExchange, endStream: boolean): this {
    this.method = exchange.method;
    this.upgrade = exchange.upgrade;
    this.endStream = endStream;
    return this;
  }
}

class Http2ClientSide implements Http2ClientConnection, Http2Role {
  readonly transport: Transport;
  readonly protocol = "h2";
  readonly isServer = false;
  readonly keepAliveMs = undefined;
  requestCount = 0;
  idleSinceMs: number | undefined;
  readonly #owner: ConnectionOwner;
  readonly #options: Http2Options;
  readonly #connection: Http2Connection;
  readonly #decoding: ResponseOptions;
  readonly #scheme: "http" | "https";
  #nextStreamId = 1;
  #isRetired = false;

  constructor(transport: Transport, owner: ConnectionOwner, options: Http2Options) {
    this.transport = transport;
    this.#owner = owner;
    this.#options = options;
    this.#decoding = new ResponseOptions(options);
    this.#scheme = transport.tls === undefined ? "http" : "https";
    this.idleSinceMs = options.now();
    this.#connection = new Http2Connection(transport, this, options);
    this.#connection.start();
  }

  get available(): number {
    if (this.#isRetired || !this.#connection.isOpen || this.transport.isClosed) return 0;
    const { settings, streams } = this.#connection;
    const most = Math.min(settings.peerMaxStreams, this.#options.maxConcurrentStreams);
    return Math.max(0, most - streams.size);
  }

  get hasSettings(): boolean {
    return this.#connection.settings.hasPeer;
  }

  /** By extended CONNECT (RFC 8441). */
  get allowsUpgrade(): boolean {
    return this.#connection.settings.peerAllowsConnect;
  }

  send(
    request: RequestHead,
    edits: HeadEdits | undefined,
    events: ClientExchangeEvents,
  ): ClientExchange {
    if (this.available === 0) throw new Error("the connection takes no further request");
    const connection = this.#connection;
    const head = http1Request(request);
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const stream = connection.addStream(id, this.#options.now());
    const upgrade = isExtendedConnect(head) ? head.facts.upgrade : "";
    const exchange = new Http2ClientExchange(stream, this.transport, events, head, upgrade);
    this.requestCount++;
    if (this.idleSinceMs !== undefined) {
      connection.onUsedAfter(this.#options.now() - this.idleSinceMs);
      this.idleSinceMs = undefined;
    }
    if (upgrade !== "" && !this.allowsUpgrade) this.#refuseUpgrade(stream);
    else {
      connection.highestStreamId = id;
      this.#sendHead(stream, head, edits, exchange.endsWithHead);
    }
    if (this.#nextStreamId > MAX_STREAM_ID) this.retire();
    return exchange;
  }

  #sendHead(
    stream: Http2Stream,
    head: Http1RequestHead,
    edits: HeadEdits | undefined,
    endStream: boolean,
  ): void {
    const { output, encoder, options } = this.#connection;
    const at = output.beginHeaders();
    encodeRequestHead(scratch, encoder, head, edits, options.dialect, this.#scheme);
    output.endHeaders(at, stream.id, endStream);
    if (endStream) stream.endedWithHead();
  }

  #refuseUpgrade(stream: Http2Stream): void {
    const error = new Http2Error("extended-connect-disabled", "stream", undefined, "upstream");
    queueMicrotask(() => this.#connection.dropStream(stream, error));
  }

  retire(): void {
    this.#retire(undefined);
    this.#connection.endWhenDone();
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
    const connection = this.#connection;
    const stream = connection.streams.get(streamId);
    if (stream === undefined) {
      this.#onLate(streamId, block, start, end);
      return;
    }
    if (stream.isReceived) {
      connection.skipHeaderBlock(block, start, end);
      throw new Http2Error("stream-closed");
    }
    const { user } = stream;
    if (user instanceof Http2ClientExchange && stream.awaitsHead)
      this.#onHead(user, endStream, block, start, end);
    else {
      const { limits, dialect } = this.#decoding;
      const to = { limits, dialect, endStream, allowsExtendedConnect: true };
      stream.receiveEnd(decodeTrailers(connection.decoder, block, start, end, to));
    }
  }

  #onHead(
    exchange: Http2ClientExchange,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void {
    const { stream } = exchange;
    exchange.onHeadBegins();
    const to = this.#decoding.for(exchange, endStream);
    const head = decodeResponseHead(this.#connection.decoder, block, start, end, to);
    if (head.status < 200 && head.status !== 101) {
      if (++exchange.informational > this.#options.maxInformational)
        throw new Http2Error("too-many-informational");
      exchange.onInformational(head);
      return;
    }
    exchange.onHead(head);
    if (endStream && !stream.isOver) stream.receiveEnd(undefined);
  }

  /** A header block for a stream that is over: it is read for the sake of the HPACK tables only. */
  #onLate(streamId: number, block: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    if (connection.isIdle(streamId)) throw new Http2Error("bad-stream-id");
    if (connection.closed.find(streamId) === "ended") throw new Http2Error("closed-stream");
    connection.guard.onControl();
    connection.skipHeaderBlock(block, start, end);
  }

  onPeerSettings(): void {
    this.#tellAvailable();
  }

  onPingAck(): void {
    // That something came is all that keep-alive wants to know.
  }

  onGoaway(goaway: Goaway): void {
    const { lastStreamId, code, debug } = goaway;
    const said = debug === "" ? code : `${code}, ${debug}`;
    const isOrderly = code === "NO_ERROR";
    this.#retire(
      isOrderly ? undefined : new Http2Error("went-away", "connection", said, "upstream", code),
    );
    const error = new Http2Error("stream-refused", "stream", `GOAWAY ${said}`, "upstream");
    const connection = this.#connection;
    for (const stream of connection.streams.values())
      if (stream.id > lastStreamId) connection.dropStream(stream, error);
    connection.endWhenDone();
  }

  onStreamGone(): void {
    if (this.#connection.streams.size === 0) this.idleSinceMs = this.#options.now();
    this.#tellAvailable();
  }

  #tellAvailable(): void {
    if (this.available > 0) this.#owner.onAvailable(this);
  }

  onIdleTimeout(): void {
    // The pool decides how long a connection may be idle.
  }

  onTurnEnd(): void {
    // Nothing is counted per turn.
  }

  onConnectionOver(error: PeerError | undefined): void {
    if (error === undefined) this.#connection.output.goaway(0, "NO_ERROR");
    this.#retire(error);
  }

  onTransportClosed(): void {
    // The owner knows since the connection was over.
  }

  #retire(error: PeerError | undefined): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#owner.onRetired(this, error);
  }
}
