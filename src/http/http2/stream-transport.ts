import { Buffer } from "node:buffer";
import { NetError } from "#net/net-error.ts";
import type { SocketAddress, TlsFacts, Transport, TransportEvents } from "#net/transport.ts";
import { sliceOf } from "#wire/byte-range.ts";
import type { Fields } from "#wire/http1/head.ts";
import type { PeerError } from "../exchange.ts";
import type { Http2Stream, StreamUser } from "./stream.ts";

/** Larger slices are kept by reference, as every transport does. */
const COPY_BELOW_BYTES = 16 * 1024;

/**
 * The bytes of one stream as a pipe: the inside of CONNECT, or of a protocol that a request changed to. It looks like a
 * connection with the addresses and the TLS facts of the one that carries it. Nothing is told before the first `attach`.
 */
export class StreamTransport implements Transport, StreamUser {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly tls: TlsFacts | undefined;
  readonly #stream: Http2Stream;
  readonly #receivedBefore: number;
  #events: TransportEvents | undefined = undefined;
  #isPaused = false;
  #isClosed = false;
  #isEnding = false;
  #hasEnded = false;
  #willClose = false;
  #error: NetError | undefined = undefined;

  constructor(stream: Http2Stream, carrier: Transport) {
    this.#stream = stream;
    this.remote = carrier.remote;
    this.local = carrier.local;
    this.tls = carrier.tls;
    this.#receivedBefore = stream.bytesReceived;
    stream.pause();
    stream.isTunnel = true;
    stream.user = this;
  }

  get bytesRead(): number {
    return this.#stream.bytesReceived - this.#receivedBefore - this.#stream.unreadBytes;
  }

  get bytesWritten(): number {
    return this.#stream.bytesSent;
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  attach(events: TransportEvents): void {
    const isFirst = this.#events === undefined;
    this.#events = events;
    if (!isFirst) return;
    if (!this.#isPaused) this.#stream.resume();
    if (this.#willClose) queueMicrotask(() => this.#tellClose());
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.#isClosed || this.#isEnding) return false;
    if (typeof bytes === "string") return this.#stream.write(Buffer.from(bytes, "latin1"));
    return this.#stream.write(bytes.length < COPY_BELOW_BYTES ? Buffer.from(bytes) : bytes);
  }

  writeRange(bytes: Buffer, start: number, end: number): boolean {
    return this.write(Buffer.from(bytes.subarray(start, end)));
  }

  flush(): void {
    // All streams of a connection are sent together at the end of the turn.
  }

  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#stream.end();
  }

  destroy(error?: NetError): void {
    if (this.#isClosed) return;
    this.#stream.reset("CANCEL");
    this.#error = error;
    this.#close();
  }

  reset(error?: NetError): void {
    this.destroy(error);
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#events !== undefined) this.#stream.resume();
  }

  // ── what the stream tells ──

  onStreamData(bytes: Buffer, start: number, end: number): void {
    if (!this.#isClosed) this.#events?.onData(sliceOf(bytes, start, end));
  }

  onStreamEnd(_trailers: Fields | undefined): void {
    if (this.#isClosed) return;
    this.#hasEnded = true;
    this.#events?.onEnd();
    if (this.#stream.isSent) this.#close();
  }

  onStreamDrain(): void {
    if (!this.#isClosed) this.#events?.onDrain();
  }

  onStreamSent(): void {
    if (this.#hasEnded) this.#close();
  }

  onStreamFailed(error: PeerError): void {
    if (this.#isClosed) return;
    this.#error = error instanceof NetError ? error : new NetError("reset", error.message, error);
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#willClose = true;
    // Told from inside no call, and not before somebody listens.
    if (this.#events !== undefined) queueMicrotask(() => this.#tellClose());
  }

  #tellClose(): void {
    if (!this.#willClose) return;
    this.#willClose = false;
    this.#events?.onClose(this.#error);
  }
}
