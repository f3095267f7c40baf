import type { Transport, TransportEvents } from "#net/transport.ts";

/** A transport of which some bytes were read already: whoever attaches first gets them before all others. */
export function withEarlyBytes(transport: Transport, early: Buffer): Transport {
  return early.length === 0 ? transport : new HeldTransport(transport, early);
}

class HeldTransport implements Transport {
  readonly #inner: Transport;
  #early: Buffer | undefined;

  constructor(inner: Transport, early: Buffer) {
    this.#inner = inner;
    this.#early = early;
  }

  get remote() {
    return this.#inner.remote;
  }
  get local() {
    return this.#inner.local;
  }
  get tls() {
    return this.#inner.tls;
  }
  get bytesRead() {
    return this.#inner.bytesRead;
  }
  get bytesWritten() {
    return this.#inner.bytesWritten;
  }
  get queuedBytes() {
    return this.#inner.queuedBytes;
  }
  get isClosed() {
    return this.#inner.isClosed;
  }

  /** The early bytes come after this call, before anything that the socket has. */
  attach(events: TransportEvents): void {
    this.#inner.attach(events);
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined)
      queueMicrotask(() => {
        if (!this.#inner.isClosed) events.onData(early);
      });
  }

  write(bytes: Uint8Array | string): boolean {
    return this.#inner.write(bytes);
  }
  flush(): void {
    this.#inner.flush();
  }
  end(): void {
    this.#inner.end();
  }
  destroy(error?: Parameters<Transport["destroy"]>[0]): void {
    this.#inner.destroy(error);
  }
  pause(): void {
    this.#inner.pause();
  }
  resume(): void {
    this.#inner.resume();
  }
}
