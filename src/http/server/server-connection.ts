/**
 * The server's side of one HTTP/1.1 connection.
 *
 *   idle ──first byte──▶ head ──decoded──▶ exchange ──response and request over──▶ idle
 *     │                   │                   │
 *     │ idle timeout      │ bad, slow, large  │ bad body, `close`, HTTP/1.0
 *     ▼                   ▼                   ▼
 *   closed ◀──linger── refused: answered, FIN sent, read on for a moment so that the answer arrives
 */
import type { Buffer } from "node:buffer";
import { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { sliceOf } from "#wire/byte-range.ts";
import { BodyDecoder, type BodySink } from "#wire/http1/body-decoder.ts";
import type { Fields, Http1RequestHead } from "#wire/http1/head.ts";
import { Http1Error } from "#wire/http1/http1-error.ts";
import { decodeRequestHead } from "#wire/http1/request-head.ts";
import { BodyWriter } from "../body-writer.ts";
import type { PeerError, RequestHandler } from "../exchange.ts";
import { HeldBytes } from "../held-bytes.ts";
import { ResumedTransport } from "../resumed-transport.ts";
import { UnreadWatch } from "../unread-watch.ts";
import { BodyPace } from "./body-pace.ts";
import { LazyDeadline } from "./lazy-deadline.ts";
import { type ExchangeHost, Http1ServerExchange } from "./server-exchange.ts";
import type { ServerOptions } from "./server-options.ts";
import { writeRefusal } from "./write-refusal.ts";

/** A connection that is being served. */
export interface ServerConnection {
  readonly transport: Transport;
  readonly isIdle: boolean;
  /**
   * Ends after the next response, which says so. With HTTP/1 a request may be on its way while we close: so an idle
   * connection stays for `idleMs` (default 0), unless it is used.
   */
  drain(idleMs?: number): void;
  destroy(): void;
}

type State = "idle" | "head" | "exchange" | "discarding" | "lingering" | "over";

const LF = 10;
/** With so much waiting for the client no further request of it is begun. */
const UNREAD_BYTES_MAX = 64 * 1024;

export class Http1ServerConnection
  implements ServerConnection, TransportEvents, BodySink, ExchangeHost
{
  readonly transport: Transport;
  readonly #handler: RequestHandler;
  readonly #options: ServerOptions;
  readonly #onClosed: (connection: ServerConnection) => void;
  readonly #held = new HeldBytes();
  readonly #decoder: BodyDecoder;
  readonly #writer: BodyWriter;
  readonly #deadline: LazyDeadline;
  readonly #pace: BodyPace;
  #state: State = "idle";
  #exchange: Http1ServerExchange | undefined = undefined;
  #headStartedAtMs = 0;
  #isPeerEnded = false;
  #isDraining = false;
  #closesAfterResponse = false;
  #isBodyPaused = false;
  #isHoldPaused = false;
  /** The next request waits until the client has read answers. */
  #isBlocked = false;
  /** The rest of what was read of a body waits, among what is held, for the next turn. */
  #willReadOn = false;
  #unread: UnreadWatch | undefined = undefined;
  #discardedBytes = 0;
  #isReading = false;
  #startedThisTurn = 0;
  #willAdvance = false;
  #resumed: ResumedTransport | undefined = undefined;

  constructor(
    transport: Transport,
    handler: RequestHandler,
    options: ServerOptions,
    onClosed: (connection: ServerConnection) => void,
  ) {
    this.transport = transport;
    this.#handler = handler;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#decoder = new BodyDecoder("downstream", options.body);
    this.#writer = new BodyWriter(transport);
    this.#deadline = new LazyDeadline(options.wheel, options.now, () => this.#onDeadline());
    this.#pace = new BodyPace(options);
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  get mustClose(): boolean {
    if (this.#isDraining || (this.#isPeerEnded && this.#held.length === 0)) return true;
    return this.#exchange === undefined || !this.#exchange.request.keepAlive;
  }

  start(): void {
    this.transport.attach(this);
    this.#deadline.after(this.#options.idleTimeoutMs);
  }

  date(): string {
    return this.#options.date();
  }

  drain(idleMs = 0): void {
    this.#isDraining = true;
    if (this.#state !== "idle") return;
    if (idleMs === 0) this.#endNow();
    else this.#deadline.after(Math.min(idleMs, this.#options.idleTimeoutMs));
  }

  destroy(): void {
    // An answer that ends with its connection must not look whole.
    if (this.#exchange === undefined) this.transport.destroy();
    else this.transport.reset();
  }

  // ── what the transport tells ──

  onData(bytes: Buffer): void {
    switch (this.#state) {
      case "idle":
        this.#headStartedAtMs = this.#options.now();
        this.#state = "head";
        this.#readHead(bytes);
        return;
      case "head":
        if (this.#willAdvance) {
          this.#hold(bytes); // its turn comes
          return;
        }
        this.#held.append(bytes);
        if (bytes.includes(LF) || this.#held.length > this.#options.request.maxBytes)
          this.#readHead(this.#held.take() ?? bytes);
        return;
      case "exchange":
      case "discarding":
        if (this.#willReadOn) this.#hold(bytes);
        else this.#readBody(bytes);
        return;
      default:
        this.#discard(bytes.length);
    }
  }

  onEnd(): void {
    this.#isPeerEnded = true;
    if (this.#willReadOn) return;
    if (this.#state === "idle") this.#endNow();
    else if (this.#state === "head" && !this.#willAdvance)
      this.#refuse(new Http1Error("truncated"));
    else if (this.#state === "exchange" && !this.#decoder.isIdle) {
      this.#refuse(new Http1Error("truncated"));
    } else if (this.#state === "discarding") this.#endNow();
  }

  onDrain(): void {
    if (this.#isBlocked) this.#unblock();
    const exchange = this.#exchange;
    if (this.#state === "exchange" && exchange !== undefined && !exchange.isOver)
      exchange.events?.onResponseDrain();
  }

  onClose(error: NetError | undefined): void {
    this.#deadline.cancel();
    this.#unread?.stop();
    const exchange = this.#exchange;
    const wasInExchange = this.#state === "exchange";
    this.#state = "over";
    if (wasInExchange && exchange !== undefined) {
      exchange.finish();
      this.#exchange = undefined;
      exchange.events?.onExchangeEnd(error ?? new NetError("closed"));
    }
    this.#onClosed(this);
  }

  // ── reading ──

  #readHead(bytes: Buffer): void {
    let head: Http1RequestHead | undefined;
    try {
      head = decodeRequestHead(bytes, 0, bytes.length, this.#options.request);
    } catch (cause) {
      this.#refuse(asHttp1Error(cause));
      return;
    }
    if (head === undefined) {
      this.#held.append(bytes);
      this.#deadline.at(this.#headStartedAtMs + this.#options.headTimeoutMs);
      return;
    }
    const after = head.base + head.sizeBytes;
    this.#begin(head, after < bytes.length ? bytes.subarray(after) : undefined);
  }

  #begin(head: Http1RequestHead, rest: Buffer | undefined): void {
    const exchange = new Http1ServerExchange(head, this.#headStartedAtMs, this, this.#writer);
    this.#exchange = exchange;
    this.#state = "exchange";
    this.#closesAfterResponse = false;
    this.#isReading = true;
    this.#decoder.reset(head.bodyKind, head.contentLength);
    this.#deadline.after(Number.POSITIVE_INFINITY);
    this.#pace.reset();
    exchange.events = this.#handler(exchange);
    if (head.bodyKind === "none" && !exchange.isOver) exchange.events.onRequestEnd(undefined);
    this.#isReading = false;
    if (rest !== undefined) this.#readBody(rest);
    else {
      // Who waits for 100 sends nothing before it.
      if (!this.#decoder.isIdle && !head.expectsContinue) this.#dueBody();
      this.#advance();
    }
  }

  /** Body of the request under way; what follows it is held. */
  #readBody(bytes: Buffer): void {
    if (this.#decoder.isIdle) {
      this.#hold(bytes);
      return;
    }
    let at: number;
    this.#isReading = true;
    this.#decoder.chunksLeft = this.#options.body.chunksPerTurn;
    try {
      at = this.#decoder.decode(bytes, 0, this);
    } catch (cause) {
      this.#isReading = false;
      this.#refuse(asHttp1Error(cause));
      return;
    }
    this.#isReading = false;
    if (!this.#decoder.isIdle) {
      this.#dueBody();
      if (at < bytes.length) {
        this.#readNextTurn(bytes.subarray(at));
        return;
      }
      this.#readOn();
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at));
    else this.#advance();
  }

  #readNextTurn(rest: Buffer): void {
    this.#willReadOn = true;
    this.#hold(rest);
    if (!this.#isHoldPaused) {
      this.#isHoldPaused = true;
      this.transport.pause();
    }
    setImmediate(() => {
      this.#willReadOn = false;
      if (this.#state !== "exchange" && this.#state !== "discarding") return;
      const held = this.#held.take();
      if (held !== undefined) this.#readBody(held);
      if (this.#isPeerEnded && !this.#willReadOn) this.onEnd();
    });
  }

  onBodyData(bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    if (this.#state !== "exchange" || exchange === undefined) {
      this.#discard(end - start);
      return;
    }
    exchange.bodyBytesReceived += end - start;
    if (exchange.isOver) this.#discard(end - start);
    else exchange.events?.onRequestData(sliceOf(bytes, start, end));
  }

  onBodyEnd(trailers: Fields | undefined): void {
    const exchange = this.#exchange;
    this.#deadline.after(Number.POSITIVE_INFINITY);
    if (exchange !== undefined && !exchange.isOver) exchange.events?.onRequestEnd(trailers);
  }

  /** Pipelined requests and early tunnel bytes wait until the exchange is over. */
  #hold(bytes: Buffer): void {
    if (this.#state === "over") this.#resumed?.addEarly(bytes);
    if (this.#state === "lingering" || this.#state === "over") return;
    this.#held.append(bytes);
    if (this.#held.length > this.#options.maxHeldBytes && !this.#isHoldPaused) {
      this.#isHoldPaused = true;
      this.transport.pause();
    }
    this.#advance();
  }

  /** More may come when what was sent ahead has been used up, or nearly. */
  #readOn(): void {
    if (!this.#isHoldPaused || this.#held.length > this.#options.maxHeldBytes) return;
    this.#isHoldPaused = false;
    if (!this.#isBodyPaused && !this.#isBlocked) this.transport.resume();
  }

  /** Goes on with the next request once the response is sent and the request is read. */
  #advance(): void {
    if (this.#isReading || this.#state === "over" || this.#state === "lingering") return;
    if (this.#exchange !== undefined || !this.#decoder.isIdle || this.#isBlocked) return;
    if (this.#closesAfterResponse) {
      this.#endNow();
      return;
    }
    if (this.transport.queuedBytes > UNREAD_BYTES_MAX) {
      this.#block();
      return;
    }
    this.#readOn();
    if (this.#held.length === 0) {
      this.#state = "idle";
      this.#startedThisTurn = 0;
      if (this.#isDraining || this.#isPeerEnded) this.#endNow();
      else this.#deadline.after(this.#options.idleTimeoutMs);
      return;
    }
    this.#advanceHeld();
  }

  /** A client that reads no answers asks no further questions. */
  #block(): void {
    this.#isBlocked = true;
    this.transport.pause();
    this.onFull();
  }

  #unblock(): void {
    this.#isBlocked = false;
    if (!this.#isHoldPaused) this.transport.resume();
    this.#advance();
  }

  /** Not from within the call that ended the last exchange, and only so many per turn. */
  #advanceHeld(): void {
    if (this.#willAdvance) return;
    this.#willAdvance = true;
    this.#state = "head";
    const next = () => {
      this.#willAdvance = false;
      const held = this.#state === "head" ? this.#held.take() : undefined;
      if (held === undefined) return;
      this.#headStartedAtMs = this.#options.now();
      this.#readHead(held);
      if (this.#state === "head" && this.#isPeerEnded) this.#refuse(new Http1Error("truncated"));
    };
    if (++this.#startedThisTurn < this.#options.requestsPerTurn) queueMicrotask(next);
    else {
      this.#startedThisTurn = 0;
      setImmediate(next);
    }
  }

  // ── what an exchange tells ──

  onResponded(close: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#closesAfterResponse = close;
    if (this.#isBodyPaused) this.setBodyPaused(false);
    if (this.#decoder.isIdle) this.#state = "head";
    else {
      this.#state = "discarding";
      this.#discardedBytes = 0;
      this.#deadline.after(this.#options.headTimeoutMs);
    }
    const events = exchange?.events;
    if (events !== undefined) events.onExchangeEnd(undefined);
    else if (exchange !== undefined) endSoon(exchange, undefined);
    if (close && !this.#decoder.isIdle) this.#linger();
    else this.#advance();
  }

  onAborted(error: PeerError): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#state = "over";
    this.transport.reset(new NetError("closed", error.message, error));
    if (exchange !== undefined) endSoon(exchange, error);
  }

  onTakenOver(): Transport {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#state = "over";
    this.#deadline.cancel();
    this.#unread?.stop();
    const early = this.#held.take();
    queueMicrotask(() => {
      exchange?.events?.onExchangeEnd(undefined);
      this.#onClosed(this);
    });
    // What came with the head or the body's end may still be in the hands of the reader that called us.
    this.transport.pause();
    this.#resumed = new ResumedTransport(this.transport, early);
    return this.#resumed;
  }

  setBodyPaused(isPaused: boolean): void {
    if (this.#isBodyPaused === isPaused) return;
    this.#isBodyPaused = isPaused;
    if (isPaused) {
      this.transport.pause();
      this.#pace.pause();
      this.#deadline.after(Number.POSITIVE_INFINITY);
      return;
    }
    this.#pace.resume();
    if (!this.#isHoldPaused) {
      this.transport.resume();
      if (!this.#decoder.isIdle) this.#dueBody();
    }
  }

  onFull(): void {
    const { wheel, unreadMs } = this.#options;
    const error = () => new NetError("unread", "the client does not read its answers");
    this.#unread ??= new UnreadWatch(this.transport, { wheel, unreadMs, error });
    this.#unread.onFull();
  }

  // ── ending ──

  /** The request broke the protocol: answer it if that is still possible, and read no further. */
  #refuse(error: Http1Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    const mayAnswer =
      exchange === undefined ? this.#state !== "discarding" : !exchange.hasResponded;
    this.#state = "lingering";
    exchange?.finish();
    exchange?.events?.onExchangeEnd(error);
    if (!mayAnswer) {
      this.transport.reset(new NetError("closed", error.message, error));
      return;
    }
    writeRefusal(this.transport, this.#options, error, exchange?.request);
    this.#linger();
  }

  /** Our FIN now; what the client still sends is read and dropped for a moment, since a reset could eat the answer. */
  #linger(): void {
    this.#state = "lingering";
    this.#held.take();
    this.#discardedBytes = 0;
    if (this.#isHoldPaused || this.#isBodyPaused) this.transport.resume();
    this.transport.end();
    this.#deadline.after(this.#options.lingerMs);
  }

  #endNow(): void {
    this.#linger();
  }

  #discard(count: number): void {
    this.#discardedBytes += count;
    if (this.#discardedBytes > this.#options.maxDiscardedBytes) this.transport.destroy();
  }

  // ── deadlines ──

  /** A body is under way, and a piece of it has come or may come. */
  #dueBody(): void {
    const exchange = this.#exchange;
    if (this.#state !== "exchange" || exchange === undefined || this.#isBodyPaused) return;
    const atMs = this.#pace.dueAtMs(exchange.request, exchange.bodyBytesReceived);
    if (atMs !== Number.POSITIVE_INFINITY) this.#deadline.at(atMs);
  }

  #onDeadline(): void {
    if (this.#state === "idle") this.#endNow();
    else if (this.#state === "head") this.#refuse(new Http1Error("head-timeout"));
    else if (this.#state === "exchange") this.#refuse(new Http1Error("body-timeout"));
    else if (this.#state !== "over") this.transport.destroy();
  }
}

/** Only our own errors come out of the codec; anything else is a bug and must be seen. */
function asHttp1Error(cause: unknown): Http1Error {
  if (cause instanceof Http1Error) return cause;
  throw cause;
}

/** When the handler has said who is to be told. */
function endSoon(exchange: Http1ServerExchange, error: PeerError | undefined): void {
  queueMicrotask(() => exchange.events?.onExchangeEnd(error));
}
