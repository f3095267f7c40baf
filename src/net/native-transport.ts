import { type Flushable, flushAtEndOfTurn, turn } from "./flush-turn.ts";
import type { NativeReceiver, NativeSocket } from "./native-socket.ts";
import { NetError } from "./net-error.ts";
import { addressText } from "./socket-address.ts";
import { openFailure } from "./socket-failure.ts";
import type { SocketTransportOptions, Watermarks } from "./socket-transport.ts";
import type { SocketAddress, TlsFacts, Transport, TransportEvents } from "./transport.ts";
import { WriteQueue } from "./write-queue.ts";

/**
 * A transport over a socket of the runtime itself, connected and with half-close allowed. Nothing is handed on before
 * the first `attach`; what happens earlier is told then. The caller makes it the socket's `data`.
 */
export class NativeTransport implements Transport, NativeReceiver, Flushable {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly tls: TlsFacts | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  isClosed = false;
  readonly #socket: NativeSocket;
  readonly #watermarks: Watermarks;
  readonly #onGone: (() => void) | undefined;
  readonly #queue = new WriteQueue();
  #events: TransportEvents | undefined;
  /** Came while nobody wanted it: a record of TLS may hold more than one read. */
  #held: Buffer[] | undefined;
  #isHolding = true;
  #willRelease = false;
  #willFlush = false;
  #isFull = false;
  #isEnding = false;
  #hasSentEnd = false;
  #isPaused = false;
  /** The socket has room again only when it says so. */
  #isBlocked = false;
  /** Writing met the peer's reset. */
  #isBroken = false;
  /** Inside a call to the socket, from which it may call back. */
  #isCalling = false;
  #hasEnded = false;
  #hasToldEnd = false;
  #isGone = false;
  #hasToldClose = false;
  #isDestroyed = false;
  #error: NetError | undefined;

  constructor(socket: NativeSocket, options: SocketTransportOptions, early?: Buffer) {
    this.#socket = socket;
    this.tls = options.tls;
    this.remote = options.remote;
    this.local = options.local;
    this.#watermarks = options.watermarks;
    this.#onGone = options.onGone;
    if (early !== undefined) this.#held = [early];
    socket.pause();
  }

  get queuedBytes(): number {
    return this.#queue.sizeBytes;
  }

  /** The number of the file descriptor; 0 when it is gone. */
  get descriptor(): number {
    return this.isClosed ? 0 : Math.max(0, this.#socket.fd);
  }

  attach(events: TransportEvents): void {
    const isFirst = this.#events === undefined;
    this.#events = events;
    if (isFirst && !this.#isPaused) this.#goOn();
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
    if (this.#abandon(error)) this.#call(() => this.#socket.close());
  }

  reset(error?: NetError): void {
    if (this.#abandon(error)) this.#call(() => this.#socket.terminate());
  }

  /** False: it was over already. */
  #abandon(error: NetError | undefined): boolean {
    if (this.isClosed) return false;
    this.isClosed = true;
    this.#isDestroyed = true;
    this.#error = error;
    this.#giveUp();
    return true;
  }

  pause(): void {
    this.#isPaused = true;
    if (this.isClosed || this.#isHolding) return;
    this.#isHolding = true;
    this.#socket.pause();
    if (this.#isBroken) this.#endBroken();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#events !== undefined) this.#goOn();
  }

  receive(bytes: Buffer): void {
    turn.number++;
    if (this.#isDestroyed) return;
    if (this.#isHolding) {
      this.#held ??= [];
      this.#held.push(bytes);
      return;
    }
    this.bytesRead += bytes.length;
    this.#events?.onData(bytes);
  }

  receiveEnd(): void {
    this.#hasEnded = true;
    if (!this.#isHolding) this.#tellEnd();
  }

  drained(): void {
    this.#isBlocked = false;
    if (this.isClosed) return;
    this.#send();
    if (!this.#isFull || this.queuedBytes > this.#watermarks.lowBytes || this.isClosed) return;
    this.#isFull = false;
    this.#events?.onDrain();
  }

  gone(cause: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.isClosed = true;
    // After both sides have ended the socket closes without having told of the peer's end.
    if (cause === undefined && this.#hasSentEnd) this.#hasEnded = true;
    const isOrderly = this.#hasEnded && this.#isEnding && cause === undefined;
    if (!this.#isDestroyed && !isOrderly)
      this.#error ??=
        cause === undefined
          ? new NetError("closed")
          : openFailure(cause, addressText(this.remote.host, this.remote.port));
    this.#giveUp();
    this.#onGone?.();
    if (isOrderly && !this.#isDestroyed && this.#isHolding) return; // what is held comes first
    if (this.#isCalling) queueMicrotask(this.#tellGone);
    else this.#tellGone();
  }

  /** Lets the socket read again, after what was held has been told. */
  #goOn(): void {
    if (!this.#isHolding || this.#willRelease || this.#hasToldClose) return;
    if (this.#held !== undefined || this.#hasEnded || this.#isGone) {
      this.#willRelease = true;
      queueMicrotask(this.#release);
    } else if (!this.#isDestroyed) {
      this.#isHolding = false;
      this.#socket.resume();
    }
  }

  /** Tells what was held; a receiver that pauses in between gets the rest later. */
  readonly #release = (): void => {
    this.#willRelease = false;
    if (this.#hasToldClose) return;
    while (this.#held !== undefined && !this.#isPaused && !this.#isDestroyed) {
      const bytes = this.#held.shift();
      if (bytes === undefined) this.#held = undefined;
      else {
        this.bytesRead += bytes.length;
        this.#events?.onData(bytes);
      }
    }
    if (this.#isPaused && !this.#isDestroyed) return;
    this.#isHolding = false;
    if (this.#hasEnded) this.#tellEnd();
    if (this.#isGone) this.#tellGone();
    else if (!this.#isDestroyed && !this.#isPaused) this.#socket.resume();
  };

  #tellEnd(): void {
    if (this.#hasToldEnd || this.#isDestroyed) return;
    this.#hasToldEnd = true;
    this.#events?.onEnd();
  }

  readonly #tellGone = (): void => {
    if (this.#events === undefined || this.#hasToldClose) return;
    if (this.#hasEnded && this.#error === undefined) this.#tellEnd();
    this.#hasToldClose = true;
    this.#events.onClose(this.#error);
  };

  /** Gives the socket what it takes; the rest waits until it has room again. */
  #send(): void {
    if (this.isClosed || this.#hasSentEnd || this.#isBlocked) return;
    const queue = this.#queue;
    while (queue.next()) {
      this.#isCalling = true;
      const result = this.#socket.write(queue.bytes, queue.from, queue.length);
      this.#isCalling = false;
      const taken = Math.max(0, result);
      this.bytesWritten += taken;
      if (taken < queue.length) {
        this.#isBlocked = true;
        if (this.#isGone) return;
        queue.keepFrom(taken);
        this.#isBroken = result < 0;
        if (this.#isBroken && this.#isHolding) this.#endBroken();
        return;
      }
      if (this.#isGone) return;
    }
    queue.release();
    if (this.#isEnding) this.#sendEnd();
  }

  /**
   * The write took the error that the runtime would have told, which leaves a socket alone that nobody reads from and has
   * ended; one that is read from tells of its end itself, after what the peer sent last.
   */
  #endBroken(): void {
    this.reset(new NetError("reset", addressText(this.remote.host, this.remote.port)));
  }

  #sendEnd(): void {
    this.#hasSentEnd = true;
    this.#call(() => this.#socket.shutdown());
  }

  #call(action: () => void): void {
    this.#isCalling = true;
    action();
    this.#isCalling = false;
  }

  #giveUp(): void {
    this.#queue.clear();
  }
}
