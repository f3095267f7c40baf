import type { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import type { Fields, Http1RequestHead } from "#wire/http1/head.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import type {
  ClientExchange,
  ClientExchangeEvents,
  FieldView,
  PeerError,
  ResponseHead,
  SendProgress,
} from "../exchange.ts";
import type { Http2Stream, StreamUser } from "./stream.ts";
import { StreamTransport } from "./stream-transport.ts";

export class Http2ClientExchange implements ClientExchange, StreamUser {
  readonly stream: Http2Stream;
  readonly method: string;
  /** The protocol that an extended CONNECT asks for, else "". */
  readonly upgrade: string;
  informational = 0;
  readonly #events: ClientExchangeEvents;
  readonly #transport: Transport;
  /** What had been written to the transport before the first byte of this request. */
  readonly #writtenBefore: number;
  /** What the request's head promised and `write` has not brought; -1 when it promised nothing. */
  #remaining: number;
  #hasResponse = false;
  /** The stream stays open in both directions if the server agrees. */
  readonly #mayTunnel: boolean;
  #isTunnel = false;
  #isOver = false;

  constructor(
    stream: Http2Stream,
    transport: Transport,
    events: ClientExchangeEvents,
    request: Http1RequestHead,
    upgrade: string,
  ) {
    const { method, bodyKind, contentLength } = request.facts;
    this.stream = stream;
    this.method = method;
    this.upgrade = upgrade;
    this.#mayTunnel = method === "CONNECT" || upgrade !== "";
    this.#remaining = bodyKind === "chunked" || this.#mayTunnel ? -1 : Math.max(0, contentLength);
    this.#events = events;
    this.#transport = transport;
    this.#writtenBefore = transport.bytesWritten + transport.queuedBytes;
    stream.user = this;
    stream.awaitsHead = true;
  }

  /** There is no body to wait for. */
  get endsWithHead(): boolean {
    return this.#remaining === 0;
  }

  get progress(): SendProgress {
    if (this.#hasResponse) return "responding";
    return this.#transport.bytesWritten > this.#writtenBefore ? "sent" : "unsent";
  }

  get bodyBytesSent(): number {
    return this.stream.bytesSent + this.stream.queuedBytes;
  }

  get bodyBytesReceived(): number {
    return this.stream.bytesReceived;
  }

  write(slice: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (this.#remaining >= 0) {
      this.#remaining -= slice.length;
      if (this.#remaining < 0) throw new RangeError("more bytes than the head promised");
    }
    return this.stream.write(slice);
  }

  end(trailers?: FieldView): void {
    if (this.#isOver || this.#mayTunnel) return;
    if (this.#remaining > 0) throw new RangeError("fewer bytes than Content-Length");
    this.stream.end(trailers);
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.stream.reset("CANCEL");
  }

  pauseResponse(): void {
    if (!this.#isOver) this.stream.pause();
  }

  resumeResponse(): void {
    if (!this.#isOver) this.stream.resume();
  }

  takeOver(): Transport {
    if (!this.#isTunnel || this.#isOver)
      throw new Error("only a stream that was upgraded, or a CONNECT, can be taken over");
    this.#isOver = true;
    return new StreamTransport(this.stream, this.#transport);
  }

  // ── what the connection tells ──

  onHeadBegins(): void {
    this.#hasResponse = true;
  }

  onInformational(head: ResponseHead): void {
    if (!this.#isOver) this.#events.onInformational(head);
  }

  onHead(head: ResponseHead): void {
    this.stream.awaitsHead = false;
    const { status, bodyKind, contentLength } = head;
    this.#isTunnel = status === 101 || (this.method === "CONNECT" && status >= 200 && status < 300);
    if (bodyKind === "length") this.stream.expectedBytes = contentLength;
    else if (bodyKind === "none" && !this.#isTunnel) this.stream.expectedBytes = 0;
    if (this.#mayTunnel && !this.#isTunnel) this.stream.end();
    if (!this.#isOver) this.#events.onResponse(head);
  }

  // ── what the stream tells ──

  onStreamData(bytes: Buffer, start: number, end: number): void {
    if (!this.#isOver) this.#events.onResponseData(bytes, start, end);
  }

  onStreamEnd(trailers: Fields | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // The response is whole: what is left of the request is not wanted.
    this.stream.reset("CANCEL");
    this.#events.onResponseEnd(
      trailers === undefined || trailers.fieldCount === 0 ? undefined : trailers,
    );
  }

  onStreamDrain(): void {
    if (!this.#isOver) this.#events.onRequestDrain();
  }

  onStreamSent(): void {
    // The response decides.
  }

  onStreamFailed(error: PeerError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.onUpstreamError(error, isUnseen(error) ? "unsent" : this.progress);
  }
}

/** The server says that it has not looked at the request, and will not (RFC 9113 section 8.7). */
function isUnseen(error: PeerError): boolean {
  return error instanceof Http2Error && error.code === "REFUSED_STREAM";
}
