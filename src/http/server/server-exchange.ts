import { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import { encodeResponseHead } from "#wire/http1/encode-head.ts";
import type { Http1RequestHead } from "#wire/http1/head.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import { encodeLocalHead } from "#wire/http1/local-head.ts";
import type { BodyWriter } from "../body-writer.ts";
import { http1Response, scratch, sendScratch } from "../encode-scratch.ts";
import type {
  BodyKind,
  FieldView,
  LocalReply,
  PeerError,
  ResponseHead,
  ServerExchange,
  ServerExchangeEvents,
} from "../exchange.ts";

/** What an exchange needs of its connection. */
export interface ExchangeHost {
  readonly transport: Transport;
  /** The client sends no further request, or is to be told not to. */
  readonly mustClose: boolean;
  date(): string;
  /** The response was handed over whole. `close`: the client was told that the connection ends. */
  onResponded(close: boolean): void;
  onAborted(error: PeerError): void;
  onTakenOver(): Transport;
  setBodyPaused(isPaused: boolean): void;
  /** More waits for the client than should. */
  onFull(): void;
}

type Phase = "waiting" | "body" | "tunnel" | "over";

/**
 * waiting ──respond──▶ body ──end──▶ over          waiting ──reply──▶ over
 *    └────respond(101, 2xx to CONNECT)──▶ tunnel ──takeOver──▶ over
 */
export class Http1ServerExchange implements ServerExchange {
  readonly request: Http1RequestHead;
  readonly startedAtMs: number;
  bodyBytesReceived = 0;
  /** Set by the connection as soon as the handler has returned it. */
  events: ServerExchangeEvents | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #body: BodyWriter;
  #phase: Phase = "waiting";
  #close = false;
  #hasContinued = false;

  constructor(
    request: Http1RequestHead,
    startedAtMs: number,
    host: ExchangeHost,
    body: BodyWriter,
  ) {
    this.request = request;
    this.startedAtMs = startedAtMs;
    this.#host = host;
    this.#body = body;
    body.bytesSent = 0;
  }

  get transport(): Transport {
    return this.#host.transport;
  }

  get bodyBytesSent(): number {
    return this.#body.bytesSent;
  }

  get hasResponded(): boolean {
    return this.#phase !== "waiting";
  }

  get isOver(): boolean {
    return this.#phase === "over";
  }

  get isTunnel(): boolean {
    return this.#phase === "tunnel";
  }

  inform(head: ResponseHead): void {
    this.#expect("waiting");
    if (this.request.facts.minor === 0) return;
    if (head.status === 100) this.#hasContinued = true;
    encodeResponseHead(scratch, http1Response(head), undefined, this.#to(false));
    sendScratch(this.transport);
  }

  sendContinue(): void {
    this.#expect("waiting");
    if (this.#hasContinued || !this.request.expectsContinue) return;
    this.#hasContinued = true;
    this.transport.write("HTTP/1.1 100 Continue\r\n\r\n");
  }

  respond(head: ResponseHead, edits: HeadEdits | undefined): void {
    this.#expect("waiting");
    const response = http1Response(head);
    const { minor, method } = this.request.facts;
    const { status } = response.facts;
    const isTunnel = status === 101 || (method === "CONNECT" && status >= 200 && status < 300);
    const kind = sentKind(response.facts.bodyKind, minor);
    this.#close = !isTunnel && (kind === "until-close" || this.#mustClose());
    encodeResponseHead(scratch, response, edits, this.#to(this.#close));
    sendScratch(this.transport);
    this.#body.reset(kind, response.facts.contentLength);
    this.#phase = isTunnel ? "tunnel" : "body";
  }

  reply(reply: LocalReply): void {
    this.#expect("waiting");
    this.#phase = "body";
    this.#close = reply.close === true || this.#mustClose();
    const { status } = reply;
    const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
    const hasNone = status < 200 || status === 204 || status === 304;
    this.transport.write(
      encodeLocalHead({
        status,
        ...(reply.reason !== undefined && { reason: reply.reason }),
        fields: reply.fields,
        contentLength: hasNone ? undefined : body.length,
        date: this.#host.date(),
        close: this.#close,
        minor: this.request.facts.minor,
      }),
    );
    const isSent = !hasNone && this.request.method !== "HEAD";
    this.#body.reset(isSent ? "length" : "none", body.length);
    if (isSent) this.#body.write(body);
    this.end();
  }

  write(slice: Uint8Array): boolean {
    this.#expect("body");
    return this.#orFull(this.#body.write(slice));
  }

  writeRange(bytes: Buffer, start: number, end: number): boolean {
    this.#expect("body");
    return this.#orFull(this.#body.writeRange(bytes, start, end));
  }

  #orFull(hasRoom: boolean): boolean {
    if (!hasRoom) this.#host.onFull();
    return hasRoom;
  }

  end(trailers?: FieldView): void {
    this.#expect("body");
    this.#body.end(trailers);
    this.#phase = "over";
    this.#host.onResponded(this.#close);
  }

  abort(error: PeerError): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#host.onAborted(error);
  }

  pauseRequest(): void {
    this.#host.setBodyPaused(true);
  }

  resumeRequest(): void {
    this.#host.setBodyPaused(false);
  }

  takeOver(): Transport {
    this.#expect("tunnel");
    this.#phase = "over";
    return this.#host.onTakenOver();
  }

  /** The connection has failed or given the exchange up: nothing more may be sent. */
  finish(): void {
    this.#phase = "over";
  }

  /** A client that was never told to send its body may or may not send it: the connection cannot go on. */
  #mustClose(): boolean {
    if (this.#host.mustClose) return true;
    const { expectsContinue, bodyKind } = this.request;
    return (
      expectsContinue && bodyKind !== "none" && !this.#hasContinued && this.bodyBytesReceived === 0
    );
  }

  #to(close: boolean): { minor: 0 | 1; close: boolean; isConnect: boolean } {
    const { minor, method } = this.request.facts;
    return { minor, close, isConnect: method === "CONNECT" };
  }

  #expect(phase: Phase): void {
    if (this.#phase !== phase)
      throw new Error(`an exchange that is ${this.#phase} cannot do what needs ${phase}`);
  }
}

/** An HTTP/1.0 client knows no chunks: its body ends with the connection. */
function sentKind(kind: BodyKind, minor: 0 | 1): BodyKind {
  if (kind === "until-close") return minor === 1 ? "chunked" : "until-close";
  return kind === "chunked" && minor === 0 ? "until-close" : kind;
}
