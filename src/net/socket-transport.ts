import type { Socket } from "node:net";
import { descriptorOf } from "./file-limit.ts";
import { type Flushable, flushAtEndOfTurn, turn } from "./flush-turn.ts";
import { NetError } from "./net-error.ts";
import { addressText } from "./socket-address.ts";
import { openFailure } from "./socket-failure.ts";
import type { SocketAddress, TlsFacts, Transport, TransportEvents } from "./transport.ts";
import { WriteQueue } from "./write-queue.ts";

/** When a writer is told to stop, and when to go on. */
export interface Watermarks {
  readonly highBytes: number;
  readonly lowBytes: number;
}

export const DEFAULT_WATERMARKS: Watermarks = { highBytes: 64 * 1024, lowBytes: 16 * 1024 };

/** For both sides: nothing waits for an acknowledgement, and a peer whose machine is gone is noticed one day. */
export const SOCKET_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
} as const;

export interface SocketTransportOptions {
  readonly tls: TlsFacts | undefined;
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly watermarks: Watermarks;
  /** Called when the connection is over, before any receiver hears of it. */
  onGone?(): void;
}

/** What the socket itself may hold unsent before our queue does: enough that a TLS record is never waited for. */
const SOCKET_BYTES_MAX = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * A transport over a connected socket of `node:net` or `node:tls` made with `allowHalfOpen`. Nothing is read before the
 * first `attach`; what happens earlier is told then.
 */
export class SocketTransport implements Transport, Flushable {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly tls: TlsFacts | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  isClosed = false;
  readonly #socket: Socket;
  readonly #watermarks: Watermarks;
  readonly #onGone: (() => void) | undefined;
  readonly #queue = new WriteQueue();
  #events: TransportEvents | undefined;
  #willFlush = false;
  #isFull = false;
  #isEnding = false;
  #hasSentEnd = false;
  #isPaused = false;
  /** The callback of a write is to come. */
  #isWriting = false;
  #hasEnded = false;
  #isGone = false;
  #isDestroyed = false;
  #error: NetError | undefined;

  constructor(socket: Socket, options: SocketTransportOptions) {
    this.#socket = socket;
    this.tls = options.tls;
    this.remote = options.remote;
    this.local = options.local;
    this.#watermarks = options.watermarks;
    this.#onGone = options.onGone;
    socket.pause();
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  get queuedBytes(): number {
    return this.#queue.sizeBytes + (this.isClosed ? 0 : this.#socket.writableLength);
  }

  /** The number of the file descriptor; 0 when it is gone. */
  get descriptor(): number {
    return this.isClosed ? 0 : descriptorOf(this.#socket);
  }

  attach(events: TransportEvents): void {
    const isFirst = this.#events === undefined;
    this.#events = events;
    if (!isFirst) return;
    if (this.#isGone) queueMicrotask(this.#tellClosed);
    else if (!this.#isPaused) this.#socket.resume();
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.isClosed || this.#isEnding) return false;
    this.#queue.push(bytes);
    return this.#queued();
  }

  writeRange(bytes: Buffer, start: number, end: number): boolean {
    if (this.isClosed || this.#isEnding) return false;
    this.#queue.pushRange(bytes, start, end);
    return this.#queued();
  }

  /** Sends at the end of the turn, or at once when much waits. */
  #queued(): boolean {
    if (this.#queue.sizeBytes > this.#watermarks.highBytes) this.#send();
    else if (!this.#willFlush) {
      this.#willFlush = true;
      flushAtEndOfTurn(this);
    }
    if (this.queuedBytes <= this.#watermarks.highBytes) return true;
    this.#isFull = true;
    return false;
  }

  flush(): void {
    this.#willFlush = false;
    this.#send();
  }

  end(): void {
    if (this.isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#send();
  }

  destroy(error?: NetError): void {
    if (this.#giveUp(error)) this.#socket.destroy();
  }

  reset(error?: NetError): void {
    if (this.#giveUp(error)) this.#socket.resetAndDestroy();
  }

  /** False: it was over already. */
  #giveUp(error: NetError | undefined): boolean {
    if (this.isClosed) return false;
    this.isClosed = true;
    this.#isDestroyed = true;
    this.#error = error;
    this.#queue.clear();
    return true;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#events !== undefined) this.#socket.resume();
  }

  /** Gives the socket what it takes; the rest waits for the callback of the last write. */
  #send(): void {
    if (this.isClosed || this.#hasSentEnd) return;
    const socket = this.#socket;
    while (socket.writableLength < SOCKET_BYTES_MAX) {
      const segment = this.#queue.shift();
      if (segment === undefined) break;
      this.bytesWritten += segment.length;
      socket.write(segment);
    }
    if (socket.writableLength > 0) this.#awaitWritten();
    else this.#queue.release();
    if (!this.#isEnding || this.#queue.sizeBytes > 0) return;
    this.#hasSentEnd = true;
    socket.end();
  }

  /** A write of nothing, since its callback comes after all bytes before it; cheaper than a callback for every write. */
  #awaitWritten(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#socket.write(NOTHING, this.#onWritten);
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#isWriting = false;
    if (error || this.isClosed) return; // `close` tells
    this.#send();
    if (!this.#isFull || this.queuedBytes > this.#watermarks.lowBytes) return;
    this.#isFull = false;
    this.#events?.onDrain();
  };

  readonly #onData = (bytes: Buffer): void => {
    turn.number++;
    if (this.isClosed) return;
    this.bytesRead += bytes.length;
    this.#events?.onData(bytes);
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (!this.isClosed) this.#events?.onEnd();
  };

  readonly #onError = (cause: Error): void => {
    if (this.#isDestroyed) return;
    this.#error ??= openFailure(cause, addressText(this.remote.host, this.remote.port));
  };

  readonly #onClose = (): void => {
    const isOrderly = this.#hasEnded && this.#isEnding;
    if (!this.#isDestroyed && !isOrderly) this.#error ??= new NetError("closed");
    this.isClosed = true;
    this.#isGone = true;
    this.#queue.clear();
    this.#onGone?.();
    if (this.#events !== undefined) this.#tellClosed();
  };

  readonly #tellClosed = (): void => this.#events?.onClose(this.#error);
}
