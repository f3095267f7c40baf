import { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import { sliceOf } from "#wire/byte-range.ts";
import type { Fields, Http1RequestHead, Http1ResponseHead } from "#wire/http1/head.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import {
  encodeLocalResponse,
  encodeResponseHead,
  type LocalHttp2Response,
} from "#wire/http2/head/encode-response-head.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { http1Response, scratch } from "../encode-scratch.ts";
import type {
  FieldView,
  LocalReply,
  PeerError,
  ResponseHead,
  ServerExchange,
  ServerExchangeEvents,
} from "../exchange.ts";
import type { Http2Connection } from "./connection.ts";
import { endEarly } from "./early-answer.ts";
import type { Http2Stream, StreamUser } from "./stream.ts";
import { StreamTransport } from "./stream-transport.ts";

/** What an exchange needs of the server beyond its stream. */
export interface Http2ExchangeHost {
  readonly connection: Http2Connection;
  /** A reply wants the connection to end. */
  drain(): void;
}

type Phase = "waiting" | "body" | "ending" | "tunnel" | "over";

/**
 * waiting ──respond──▶ body ──end──▶ ending ──all handed over──▶ over          waiting ──reply──▶ ending
 *    └────respond(101, 2xx to CONNECT)──▶ tunnel ──takeOver──▶ over
 */
export class Http2ServerExchange implements ServerExchange, StreamUser {
  readonly request: Http1RequestHead;
  readonly stream: Http2Stream;
  /** Set by the connection as soon as the handler has returned it. */
  events: ServerExchangeEvents | undefined = undefined;
  readonly #host: Http2ExchangeHost;
  #phase: Phase = "waiting";
  /** What the response's head promised and `write` has not brought; -1 when it promised nothing. */
  #remaining = -1;
  #hasContinued = false;
  /** What the client says may belong to another protocol: it is held until the answer tells. */
  readonly #mayTunnel: boolean;
  #tunnel: StreamTransport | undefined = undefined;

  constructor(request: Http1RequestHead, stream: Http2Stream, host: Http2ExchangeHost) {
    this.request = request;
    this.stream = stream;
    this.#host = host;
    this.#mayTunnel = request.facts.upgrade !== "" || request.facts.form === "authority";
    if (this.#mayTunnel) stream.pause();
    stream.user = this;
  }

  get transport(): Transport {
    return this.#host.connection.transport;
  }

  get startedAtMs(): number {
    return this.stream.startedAtMs;
  }

  get bodyBytesSent(): number {
    return this.stream.bytesSent + this.stream.queuedBytes;
  }

  get bodyBytesReceived(): number {
    return this.stream.bytesReceived;
  }

  get hasResponded(): boolean {
    return this.#phase !== "waiting";
  }

  // ── responding ──

  inform(head: ResponseHead): void {
    this.#expect("waiting");
    if (head.status === 100) this.#hasContinued = true;
    this.#sendHead(http1Response(head), undefined, false);
  }

  sendContinue(): void {
    this.#expect("waiting");
    if (this.#hasContinued || !this.request.expectsContinue) return;
    this.#hasContinued = true;
    this.#sendLocal({ status: 100, fields: [], contentLength: undefined, date: "" }, false);
  }

  respond(head: ResponseHead, edits: HeadEdits | undefined): void {
    this.#expect("waiting");
    const response = http1Response(head);
    const { status, bodyKind, contentLength } = response.facts;
    const isConnect = this.request.method === "CONNECT";
    if (status === 101 || (isConnect && status >= 200 && status < 300)) {
      this.#phase = "tunnel";
      this.#sendHead(response, edits, false);
      return;
    }
    this.#phase = "body";
    if (this.#mayTunnel) this.#dropHeld();
    this.#remaining = bodyKind === "length" ? contentLength : -1;
    if (bodyKind === "none") this.#remaining = 0;
    this.#sendHead(response, edits, endsWithHead(response));
  }

  reply(reply: LocalReply): void {
    this.#expect("waiting");
    this.#phase = "ending";
    if (this.#mayTunnel) this.#dropHeld();
    const { status, fields } = reply;
    const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
    const mayHaveBody = status >= 200 && status !== 204 && status !== 304;
    const isSent = mayHaveBody && this.request.method !== "HEAD" && body.length > 0;
    const contentLength = mayHaveBody ? body.length : undefined;
    const date = this.#host.connection.options.date();
    this.#sendLocal({ status, fields, contentLength, date }, !isSent);
    if (isSent) {
      this.stream.write(body);
      this.stream.end();
    }
    if (reply.close === true) this.#host.drain();
  }

  write(slice: Uint8Array): boolean {
    this.#count(slice.length);
    return this.stream.write(slice);
  }

  writeRange(bytes: Buffer, start: number, end: number): boolean {
    this.#count(end - start);
    return this.stream.writeRange(bytes, start, end);
  }

  #count(bytes: number): void {
    this.#expect("body");
    if (this.#remaining < 0) return;
    this.#remaining -= bytes;
    if (this.#remaining < 0) throw new RangeError("more bytes than the head promised");
  }

  end(trailers?: FieldView): void {
    this.#expect("body");
    if (this.#remaining > 0) throw new RangeError("fewer bytes than Content-Length");
    this.#phase = "ending";
    this.stream.end(trailers);
  }

  abort(error: PeerError): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.stream.reset(codeFor(error));
    queueMicrotask(() => this.events?.onExchangeEnd(error));
  }

  pauseRequest(): void {
    this.stream.pause();
  }

  resumeRequest(): void {
    if (!this.#mayTunnel || this.#phase !== "waiting") this.stream.resume();
  }

  takeOver(): Transport {
    this.#expect("tunnel");
    this.#phase = "over";
    this.#tunnel = new StreamTransport(this.stream, this.transport);
    queueMicrotask(() => this.events?.onExchangeEnd(undefined));
    return this.#tunnel;
  }

  /** The protocol stays: what was held was for another, and so is what still comes. */
  #dropHeld(): void {
    this.stream.stopOpeningWindow();
    this.stream.resume();
  }

  #sendHead(head: Http1ResponseHead, edits: HeadEdits | undefined, endStream: boolean): void {
    const { output, encoder, options } = this.#host.connection;
    const isConnect = this.request.method === "CONNECT";
    const at = output.beginHeaders();
    const { upgrade } = this.request;
    encodeResponseHead(scratch, encoder, head, edits, options.dialect, isConnect, upgrade);
    output.endHeaders(at, this.stream.id, endStream);
    if (endStream) this.#endedWithHead();
  }

  #sendLocal(response: LocalHttp2Response, endStream: boolean): void {
    const { output, encoder } = this.#host.connection;
    const at = output.beginHeaders();
    try {
      encodeLocalResponse(scratch, encoder, response);
    } catch (cause) {
      // A field that cannot be sent: nothing of it may stay for whoever writes next.
      scratch.clear();
      throw cause;
    }
    output.endHeaders(at, this.stream.id, endStream);
    if (endStream) this.#endedWithHead();
  }

  /** The exchange ends as if its last byte had just been sent, but not from inside the call. */
  #endedWithHead(): void {
    this.stream.endedWithHead();
    queueMicrotask(() => this.onStreamSent());
  }

  /** Once the response is whole, what is still to come of the request is dropped; so is what was for another protocol. */
  get #wantsRequest(): boolean {
    return !this.#mayTunnel && this.#phase !== "ending" && this.#phase !== "over";
  }

  #expect(phase: Phase): void {
    if (this.#phase !== phase)
      throw new Error(`an exchange that is ${this.#phase} cannot do what needs ${phase}`);
  }

  // ── what the stream tells ──

  onStreamData(bytes: Buffer, start: number, end: number): void {
    if (this.#wantsRequest) this.events?.onRequestData(sliceOf(bytes, start, end));
  }

  onStreamEnd(trailers: Fields | undefined): void {
    if (!this.#wantsRequest) return;
    this.events?.onRequestEnd(
      trailers === undefined || trailers.fieldCount === 0 ? undefined : trailers,
    );
  }

  onStreamDrain(): void {
    if (this.#phase === "body") this.events?.onResponseDrain();
  }

  onStreamSent(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    endEarly(this.stream, this.#host.connection.options);
    this.events?.onExchangeEnd(undefined);
  }

  onStreamFailed(error: PeerError): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.events?.onExchangeEnd(error);
  }
}

/** Trailers may follow an empty body that came by HTTP/2; what ended with its head has to, or gRPC finds no status in it. */
function endsWithHead(head: Http1ResponseHead): boolean {
  const { bodyKind, contentLength, status, isWhole } = head.facts;
  if (bodyKind !== "none") return false;
  return isWhole || contentLength !== 0 || status === 204 || status === 304;
}

/** What the client is told when its response cannot be finished. */
function codeFor(error: PeerError): Http2Error["code"] {
  if (!(error instanceof Http2Error)) return "INTERNAL_ERROR";
  const { code } = error;
  return code === "CANCEL" || code === "ENHANCE_YOUR_CALM" ? code : "INTERNAL_ERROR";
}
