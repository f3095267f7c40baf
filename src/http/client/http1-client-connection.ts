/**
 * The client's side of one HTTP/1.1 connection.
 *
 *   idle ──send──▶ head ──final head──▶ body ──whole──▶ idle      (or retired, when it cannot be used again)
 *     │             │ ▲ 1xx              │
 *     ▼             ▼ └──                ▼
 *   retired ◀── any error, bytes that belong to no request, the server's FIN
 */
import type { Buffer } from "node:buffer";
import { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { sliceOf } from "#wire/byte-range.ts";
import { BodyDecoder, type BodySink } from "#wire/http1/body-decoder.ts";
import { encodeRequestHead } from "#wire/http1/encode-head.ts";
import { fieldName } from "#wire/http1/field-name.ts";
import { type Fields, type Http1ResponseHead, KNOWN } from "#wire/http1/head.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import { Http1Error } from "#wire/http1/http1-error.ts";
import { decodeResponseHead } from "#wire/http1/response-head.ts";
import { BodyWriter } from "../body-writer.ts";
import { http1Request, scratch, sendScratch } from "../encode-scratch.ts";
import type { ClientExchange, ClientExchangeEvents, PeerError, RequestHead } from "../exchange.ts";
import { HeldBytes } from "../held-bytes.ts";
import { ResumedTransport } from "../resumed-transport.ts";
import { UnreadWatch } from "../unread-watch.ts";
import { type ClientExchangeHost, Http1ClientExchange } from "./client-exchange.ts";
import { CLIENT_OPTIONS, type ClientOptions } from "./client-options.ts";
import type { ClientConnection, ConnectionOwner } from "./connection.ts";

const KEEP_ALIVE = fieldName("keep-alive");

/** Speaks HTTP/1.1 over a connected transport. */
export function http1Client(
  transport: Transport,
  owner: ConnectionOwner,
  options: ClientOptions = CLIENT_OPTIONS,
): ClientConnection {
  const connection = new Http1ClientConnection(transport, owner, options);
  transport.attach(connection);
  return connection;
}

class Http1ClientConnection
  implements ClientConnection, TransportEvents, BodySink, ClientExchangeHost
{
  readonly transport: Transport;
  readonly protocol = "http/1.1";
  readonly allowsUpgrade = true;
  requestCount = 0;
  idleSinceMs: number | undefined;
  keepAliveMs: number | undefined = undefined;
  readonly #owner: ConnectionOwner;
  readonly #options: ClientOptions;
  readonly #decoder: BodyDecoder;
  readonly #writer: BodyWriter;
  readonly #held = new HeldBytes();
  #exchange: Http1ClientExchange | undefined = undefined;
  #head: Http1ResponseHead | undefined = undefined;
  #informational = 0;
  #isRetired = false;
  #isPaused = false;
  #isTaken = false;
  #unread: UnreadWatch | undefined = undefined;
  #isWhole = false;
  #trailers: Fields | undefined = undefined;
  #resumed: ResumedTransport | undefined = undefined;
  /** The rest of what was read of a body waits, in what is held, for the next turn or for who reads it. */
  #willReadOn = false;
  #isTurnDue = false;
  /** The server has ended behind what is held. */
  #isPeerEnded = false;

  constructor(transport: Transport, owner: ConnectionOwner, options: ClientOptions) {
    this.transport = transport;
    this.#owner = owner;
    this.#options = options;
    this.#decoder = new BodyDecoder("upstream", options.body);
    this.#writer = new BodyWriter(transport);
    this.idleSinceMs = options.now();
  }

  get available(): number {
    return this.#exchange === undefined && !this.#isRetired && !this.transport.isClosed ? 1 : 0;
  }

  send(
    request: RequestHead,
    edits: HeadEdits | undefined,
    events: ClientExchangeEvents,
  ): ClientExchange {
    if (this.available === 0) throw new Error("the connection takes no further request");
    const head = http1Request(request);
    const { method, upgrade, bodyKind, contentLength } = head.facts;
    const exchange = new Http1ClientExchange(method, upgrade, events, this, this.#writer);
    this.#exchange = exchange;
    this.#head = undefined;
    this.#informational = 0;
    this.#isWhole = false;
    this.#trailers = undefined;
    this.requestCount++;
    this.idleSinceMs = undefined;
    encodeRequestHead(scratch, head, edits);
    sendScratch(this.transport);
    this.#writer.reset(bodyKind, contentLength);
    return exchange;
  }

  retire(): void {
    this.#retire(undefined);
    if (this.#exchange === undefined && !this.#isTaken) this.transport.destroy();
  }

  destroy(): void {
    this.transport.destroy();
  }

  // ── what the transport tells ──

  onData(bytes: Buffer): void {
    const exchange = this.#exchange;
    if (this.#willReadOn) this.#held.append(bytes);
    else if (exchange === undefined) this.#fail(new Http1Error("unexpected-bytes", "upstream"));
    else if (this.#head === undefined) this.#readHead(exchange, bytes);
    else this.#readBody(exchange, bytes, 0);
  }

  onEnd(): void {
    if (this.#willReadOn) {
      this.#isPeerEnded = true;
      return;
    }
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#retire(undefined);
      this.transport.destroy();
      return;
    }
    if (this.#head === undefined) {
      if (!exchange.hasResponse) exchange.onServerEnd();
      this.#fail(
        exchange.hasResponse ? new Http1Error("truncated", "upstream") : new NetError("closed"),
      );
      return;
    }
    if (exchange.isTunnel) return;
    try {
      this.#decoder.finish(this);
    } catch (cause) {
      this.#failWith(cause);
      return;
    }
    this.#finishResponse(false);
  }

  onDrain(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && !exchange.isOver) exchange.events.onRequestDrain();
  }

  onClose(error: NetError | undefined): void {
    this.#unread?.stop();
    if (this.#exchange === undefined) this.#retire(error);
    else this.#fail(error ?? new NetError("closed"));
  }

  // ── reading ──

  #readHead(exchange: Http1ClientExchange, piece: Buffer): void {
    if (exchange.progress === "unsent") {
      this.#fail(new Http1Error("unexpected-bytes", "upstream", "before the request was sent"));
      return;
    }
    exchange.hasResponse = true;
    let bytes = piece;
    if (this.#held.length > 0) {
      this.#held.append(piece);
      if (!piece.includes(10) && this.#held.length <= this.#options.response.maxBytes) return;
      bytes = this.#held.take() ?? piece;
    }
    let from = 0;
    try {
      while (this.#head === undefined) {
        const head = decodeResponseHead(
          bytes,
          from,
          bytes.length,
          exchange.method,
          this.#options.response,
        );
        if (head === undefined) {
          this.#held.append(sliceOf(bytes, from, bytes.length));
          return;
        }
        from = head.base + head.sizeBytes;
        this.#onHead(exchange, head);
        if (this.#exchange !== exchange) {
          this.#afterTakeOver(bytes, from);
          return;
        }
      }
    } catch (cause) {
      this.#failWith(cause);
      return;
    }
    this.#readBody(exchange, bytes, from);
  }

  /** The exchange was aborted, or its transport taken over, from within its own event. */
  #afterTakeOver(bytes: Buffer, from: number): void {
    const rest = from < bytes.length ? bytes.subarray(from) : undefined;
    if (rest !== undefined) this.#resumed?.addEarly(rest);
  }

  #onHead(exchange: Http1ClientExchange, head: Http1ResponseHead): void {
    const { status, bodyKind, contentLength } = head.facts;
    if (status < 200 && status !== 101) {
      if (++this.#informational > this.#options.maxInformational)
        throw new Http1Error("too-many-informational", "upstream");
      exchange.events.onInformational(head);
      return;
    }
    if (status === 101 && exchange.upgrade === "")
      throw new Http1Error("unexpected-upgrade", "upstream");
    this.#head = head;
    if ((head.known & KNOWN["keep-alive"]) !== 0) this.#learnKeepAlive(head);
    exchange.isTunnel =
      status === 101 || (exchange.method === "CONNECT" && status >= 200 && status < 300);
    this.#decoder.reset(bodyKind, contentLength);
    this.#isWhole = bodyKind === "none" && !exchange.isTunnel;
    exchange.events.onResponse(head);
  }

  /** The response is finished only when it is known whether bytes follow it: then the connection is not used again. */
  #readBody(exchange: Http1ClientExchange, bytes: Buffer, from: number): void {
    if (exchange.isTunnel) {
      // Early bytes of a tunnel that is not taken over yet.
      if (from < bytes.length) this.#held.append(sliceOf(bytes, from, bytes.length));
      return;
    }
    let at = from;
    this.#decoder.chunksLeft = this.#options.body.chunksPerTurn;
    try {
      if (!this.#isWhole) at = this.#decoder.decode(bytes, from, this);
    } catch (cause) {
      this.#failWith(cause);
      return;
    }
    if (this.#exchange !== exchange) return;
    if (this.#isWhole) this.#finishResponse(at < bytes.length);
    else if (at < bytes.length) this.#readNextTurn(bytes.subarray(at));
  }

  #readNextTurn(rest: Buffer): void {
    this.#willReadOn = true;
    this.#held.append(rest);
    if (!this.#isPaused) this.transport.pause();
    this.#dueTurn();
  }

  #dueTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      if (!this.#isPaused) this.#readOn();
    });
  }

  #readOn(): void {
    const exchange = this.#exchange;
    const held = this.#held.take();
    if (exchange === undefined || held === undefined) return; // it was aborted meanwhile
    this.#willReadOn = false;
    this.#readBody(exchange, held, 0);
    if (this.#willReadOn || this.transport.isClosed) return;
    if (!this.#isPaused) this.transport.resume();
    if (this.#isPeerEnded) this.onEnd();
  }

  onBodyData(bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.isOver) return;
    exchange.bodyBytesReceived += end - start;
    exchange.events.onResponseData(bytes, start, end);
  }

  onBodyEnd(trailers: Fields | undefined): void {
    this.#isWhole = true;
    this.#trailers = trailers;
  }

  /** Decides whether the connection can be used again, tells the pool, then the exchange. */
  #finishResponse(hasLeftover: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.isOver) return;
    const trailers = this.#trailers;
    this.#trailers = undefined;
    this.#isWhole = false;
    exchange.isOver = true;
    this.#exchange = undefined;
    if (this.#isPaused) this.setResponsePaused(false);
    const isOpen = this.#head?.keepAlive === true && exchange.isRequestSent && !this.#isRetired;
    if (isOpen && !hasLeftover && !this.#isPeerEnded) {
      this.idleSinceMs = this.#options.now();
      this.#owner.onAvailable(this);
    } else {
      this.#retire(hasLeftover ? new Http1Error("unexpected-bytes", "upstream") : undefined);
      this.transport.destroy();
    }
    exchange.events.onResponseEnd(trailers);
  }

  #learnKeepAlive(head: Http1ResponseHead): void {
    const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(head.field(KEEP_ALIVE) ?? "")?.[1];
    if (seconds !== undefined) this.keepAliveMs = Number(seconds) * 1_000;
  }

  // ── what an exchange tells ──

  onFull(): void {
    const { wheel, unreadMs } = this.#options;
    const error = () => new NetError("unread", "the server does not read its request");
    this.#unread ??= new UnreadWatch(this.transport, { wheel, unreadMs, error });
    this.#unread.onFull();
  }

  onRequestSent(): void {
    // The verdict on reuse is taken when the response ends.
  }

  onAborted(): void {
    this.#exchange = undefined;
    this.#retire(undefined);
    this.transport.destroy();
  }

  onTakenOver(): Transport {
    this.#exchange = undefined;
    this.#isTaken = true;
    this.#unread?.stop();
    this.#retire(undefined);
    this.transport.pause();
    // Bytes that came with the head are still in the hands of the reader that called us.
    this.#resumed = new ResumedTransport(this.transport, this.#held.take());
    return this.#resumed;
  }

  setResponsePaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.transport.pause();
    else if (this.#willReadOn) this.#dueTurn();
    else this.transport.resume();
  }

  // ── ending ──

  /** Only our own errors come out of the codec; anything else is a bug and must be seen. */
  #failWith(cause: unknown): void {
    if (!(cause instanceof Http1Error)) throw cause;
    this.#fail(cause);
  }

  #fail(error: PeerError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#retire(error);
    this.transport.destroy();
    if (exchange === undefined || exchange.isOver) return;
    const { progress } = exchange;
    exchange.isOver = true;
    exchange.events.onUpstreamError(error, progress);
  }

  #retire(error: PeerError | undefined): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#owner.onRetired(this, error);
  }
}
