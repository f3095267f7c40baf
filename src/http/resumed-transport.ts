import { Buffer } from "node:buffer";
import type { NetError } from "#net/net-error.ts";
import type { SocketAddress, TlsFacts, Transport, TransportEvents } from "#net/transport.ts";

const NOTHING = Buffer.alloc(0);

/** A transport some of whose bytes were read already (after an upgrade): they come first, then everything else. */
export class ResumedTransport implements Transport {
  readonly #inner: Transport;
  #early: Buffer | undefined;
  #events: TransportEvents | undefined = undefined;
  #isPaused = false;

  /** The inner transport must be paused; it is resumed once the early bytes are delivered. */
  constructor(inner: Transport, early: Buffer | undefined) {
    this.#inner = inner;
    this.#early = early ?? NOTHING;
  }

  /** More bytes that were read before: only in the same callback in which this was made. */
  addEarly(bytes: Buffer): void {
    this.#early = Buffer.concat([this.#early ?? NOTHING, bytes]);
  }

  get remote(): SocketAddress {
    return this.#inner.remote;
  }

  get local(): SocketAddress {
    return this.#inner.local;
  }

  get tls(): TlsFacts | undefined {
    return this.#inner.tls;
  }

  get bytesRead(): number {
    return this.#inner.bytesRead;
  }

  get bytesWritten(): number {
    return this.#inner.bytesWritten;
  }

  get queuedBytes(): number {
    return this.#inner.queuedBytes;
  }

  get isClosed(): boolean {
    return this.#inner.isClosed;
  }

  attach(events: TransportEvents): void {
    this.#events = events;
    this.#inner.attach(events);
    if (this.#early !== undefined) queueMicrotask(() => this.#deliver());
  }

  write(bytes: Uint8Array | string): boolean {
    return this.#inner.write(bytes);
  }

  writeRange(bytes: Buffer, start: number, end: number): boolean {
    return this.#inner.writeRange(bytes, start, end);
  }

  flush(): void {
    this.#inner.flush();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(error?: NetError): void {
    this.#inner.destroy(error);
  }

  reset(error?: NetError): void {
    this.#inner.reset(error);
  }

  pause(): void {
    this.#isPaused = true;
    this.#inner.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#early === undefined) this.#inner.resume();
    else queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    const early = this.#early;
    if (early === undefined || this.#events === undefined || this.#isPaused) return;
    if (this.#inner.isClosed) return;
    this.#early = undefined;
    if (early.length > 0) this.#events.onData(early);
    if (!this.#isPaused) this.#inner.resume();
  }
}
