/**
 * One stream, without what it means: two halves that end on their own, windows, and what waits in either direction.
 *
 *                 ┌── END_STREAM sent ──▶ half closed (local) ───┐
 *   open ─────────┤                                              ├──▶ closed: its owner was told, its place is free
 *                 └── END_STREAM read ──▶ half closed (remote) ──┘
 *     └────────── RST_STREAM of either side, end of the connection ───▶ closed
 */
import type { Buffer } from "node:buffer";
import { bufferOf } from "#wire/byte-range.ts";
import type { Fields } from "#wire/http1/head.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { MAX_WINDOW } from "#wire/http2/window-update.ts";
import type { FieldView, PeerError } from "../exchange.ts";
import { DATA_FRAME_BYTES, type FrameOutput } from "./frame-output.ts";
import type { BufferBudget, Holder } from "./limits/buffer-budget.ts";
import { SliceQueue } from "./slice-queue.ts";

/** Whose stream it is: an exchange, or a tunnel. Never called from inside a call to the stream. */
export interface StreamUser {
  onStreamData(bytes: Buffer, start: number, end: number): void;
  /** The peer has ended its half, and all of its data was told. */
  onStreamEnd(trailers: Fields | undefined): void;
  /** What waits fell below half of the limit after `write` had returned false. */
  onStreamDrain(): void;
  /** The last byte of our half was handed to the transport. */
  onStreamSent(): void;
  /** The stream was reset, or its connection ended, before both halves had ended. Last. */
  onStreamFailed(error: PeerError): void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly streamBufferBytes: number;
  readonly streamWindowBytes: number;
  readonly budget: BufferBudget;
  /** Nothing can be sent now, whatever the stream's own window. */
  readonly isSendingBlocked: boolean;
  /** The stream has something to send. */
  onStreamReady(stream: Http2Stream): void;
  /** Data was passed on or dropped: the connection's window may be opened again. */
  onConsumed(bytes: number): void;
  openStreamWindow(streamId: number, bytes: number): void;
  sendTrailers(streamId: number, trailers: FieldView): void;
  /** Both halves have ended and everything was told. */
  onStreamClosed(stream: Http2Stream): void;
  /** Tells the peer by RST_STREAM, and the user when `error` is given. */
  resetStream(stream: Http2Stream, code: Http2Error["code"], error?: PeerError): void;
}

export class Http2Stream implements Holder {
  readonly id: number;
  /** Monotonic milliseconds. */
  readonly startedAtMs: number;
  readonly #host: StreamHost;
  user: StreamUser | undefined = undefined;
  /** The place in the list of those that want to send. */
  next: Http2Stream | undefined = undefined;
  isListed = false;
  sendWindow: number;
  bytesSent = 0;
  bytesReceived = 0;
  /** END_STREAM was sent. */
  isSent = false;
  /** END_STREAM was received. */
  isReceived = false;
  isOver = false;
  isPaused = false;
  /** It carries a protocol of its own, which may be silent, or not read, for as long as it likes. */
  isTunnel = false;
  /** Decoded; of the head that came, which is kept as long as the stream. */
  headBytes = 0;
  /** A client's stream may have no data before the final head. */
  awaitsHead = false;
  /** What the body may still have by Content-Length; -1 for no limit. */
  expectedBytes = -1;
  #receiveWindow: number;
  /** Passed on, and not yet given back to the peer. */
  #unacknowledged = 0;
  #opensWindow = true;
  /** Made with the first byte: most requests have no body. */
  #queue: SliceQueue | undefined = undefined;
  #isFull = false;
  #isEnding = false;
  #trailers: FieldView | undefined = undefined;
  #held: SliceQueue | undefined = undefined;
  #heldTrailers: Fields | undefined = undefined;
  #isEndHeld = false;
  #willDeliver = false;
  /** For how many looks in a row what waits to be sent, what waits to be passed on, anything, or what we wait for had not moved. */
  unsentLooks = 0;
  unreadLooks = 0;
  idleLooks = 0;
  silentLooks = 0;
  #seenSent = 0;
  #seenReceived = 0;
  #seenDelivered = 0;

  constructor(
    id: number,
    host: StreamHost,
    sendWindow: number,
    receiveWindow: number,
    startedAtMs: number,
  ) {
    this.id = id;
    this.#host = host;
    this.sendWindow = sendWindow;
    this.#receiveWindow = receiveWindow;
    this.startedAtMs = startedAtMs;
  }

  /** Waits in either direction. */
  get heldBytes(): number {
    return this.queuedBytes + this.unreadBytes;
  }

  get queuedBytes(): number {
    return this.#queue === undefined ? 0 : this.#queue.sizeBytes;
  }

  get unreadBytes(): number {
    return this.#held === undefined ? 0 : this.#held.sizeBytes;
  }

  // ── sending ──

  /** The slice is kept until it can be sent. False above the limit. */
  write(slice: Uint8Array): boolean {
    return this.writeRange(bufferOf(slice), 0, slice.length);
  }

  /** As `write` of `bytes.subarray(start, end)`. */
  writeRange(bytes: Buffer, start: number, end: number): boolean {
    if (this.isOver || this.#isEnding) return true;
    if (end > start) {
      this.#queue ??= new SliceQueue(true);
      if (this.sendWindow <= 0 || this.#host.isSendingBlocked) this.#queue.copy(bytes, start, end);
      else this.#queue.push(bytes, start, end);
      this.#host.budget.add(end - start);
      this.#host.onStreamReady(this);
    }
    if (this.queuedBytes <= this.#limit()) return true;
    this.#isFull = true;
    return false;
  }

  end(trailers?: FieldView): void {
    if (this.isOver || this.#isEnding) return;
    this.#isEnding = true;
    if (trailers !== undefined && trailers.fieldCount > 0) this.#trailers = trailers;
    this.#host.onStreamReady(this);
  }

  /** The peer wants no more of our half, which counts as ended; what it has said itself is still told. */
  stopSending(): void {
    this.#host.budget.remove(this.queuedBytes);
    this.#queue?.clear();
    this.#trailers = undefined;
    this.#isEnding = true;
    this.isSent = true;
    this.#closeIfDone();
    if (!this.#isFull) return;
    this.#isFull = false;
    this.user?.onStreamDrain();
  }

  /** END_STREAM went out with the head. */
  endedWithHead(): void {
    this.#isEnding = true;
    this.isSent = true;
    this.#closeIfDone();
  }

  reset(code: Http2Error["code"]): void {
    if (!this.isOver) this.#host.resetStream(this, code);
  }

  /** Something is left to send, and the stream's own window lets it through. */
  get canSend(): boolean {
    return this.queuedBytes > 0 ? this.sendWindow > 0 : this.#isEnding && !this.isSent;
  }

  /** It needs no window to go on. */
  get needsNoWindow(): boolean {
    return this.queuedBytes === 0;
  }

  /** Sends one frame with at most `maxBytes` of data, which is what `canSend` promised. Returns how much data it had. */
  sendNext(output: FrameOutput, maxBytes: number): number {
    const queue = this.#queue;
    if (queue === undefined || queue.sizeBytes === 0) {
      if (this.#trailers === undefined) output.emptyData(this.id);
      else this.#host.sendTrailers(this.id, this.#trailers);
      this.#ended();
      return 0;
    }
    const count = queue.take(Math.min(this.sendWindow, maxBytes, DATA_FRAME_BYTES));
    this.#host.budget.remove(count);
    this.sendWindow -= count;
    this.bytesSent += count;
    const isLast = this.#isEnding && queue.sizeBytes === 0 && this.#trailers === undefined;
    output.data(this.id, queue.bytes, queue.start, queue.end, isLast);
    queue.release();
    if (isLast) this.#ended();
    else if (this.#isFull && queue.sizeBytes * 2 <= this.#limit()) {
      this.#isFull = false;
      this.user?.onStreamDrain();
    }
    return count;
  }

  /** Throws Http2Error (stream) when the window would exceed what 31 bits hold. */
  growSendWindow(bytes: number): void {
    if (this.sendWindow + bytes > MAX_WINDOW) throw new Http2Error("stream-window-overflow");
    this.sendWindow += bytes;
    if (this.canSend) this.#host.onStreamReady(this);
  }

  #limit(): number {
    return this.#host.budget.streamLimit(this.#host.streamBufferBytes);
  }

  #ended(): void {
    this.isSent = true;
    this.#closeIfDone();
    this.user?.onStreamSent();
  }

  // ── receiving ──

  /** A DATA frame begins. Throws Http2Error (stream). */
  accept(length: number, dataLength: number): void {
    if (this.isReceived) throw new Http2Error("stream-closed");
    if (this.awaitsHead) throw new Http2Error("data-before-head");
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) throw new Http2Error("stream-window-exceeded");
    if (this.expectedBytes >= 0) {
      this.expectedBytes -= dataLength;
      if (this.expectedBytes < 0) throw new Http2Error("body-length-mismatch");
    }
    if (length > dataLength) this.#passedOn(length - dataLength);
  }

  receive(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.isOver) {
      this.#host.onConsumed(length);
      return;
    }
    this.bytesReceived += length;
    if (this.isPaused || this.#held !== undefined) {
      this.#held ??= new SliceQueue(false);
      this.#held.copy(bytes, start, end); // it came in memory that many streams share
      this.#host.budget.add(length);
      return;
    }
    this.user?.onStreamData(bytes, start, end);
    this.#passedOn(length);
  }

  /** Throws Http2Error (stream). */
  receiveEnd(trailers: Fields | undefined): void {
    if (this.expectedBytes > 0) throw new Http2Error("body-length-mismatch");
    this.isReceived = true;
    if (this.isPaused || this.#held !== undefined) {
      this.#isEndHeld = true;
      this.#heldTrailers = trailers;
      return;
    }
    this.#closeIfDone();
    this.user?.onStreamEnd(trailers);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.#held === undefined && !this.#isEndHeld) this.#openWindow();
    else if (!this.#willDeliver) {
      this.#willDeliver = true;
      queueMicrotask(() => this.#deliver());
    }
  }

  /** What comes is not wanted: the peer may send what it was promised, and no more. */
  stopOpeningWindow(): void {
    this.#opensWindow = false;
  }

  /** The initial window that the peer uses from now on differs by so much. */
  shiftReceiveWindow(bytes: number): void {
    this.#receiveWindow += bytes;
  }

  #deliver(): void {
    this.#willDeliver = false;
    while (this.#held !== undefined && !this.isPaused && !this.isOver) {
      const held = this.#held;
      if (held.sizeBytes === 0) this.#held = undefined;
      else {
        const count = held.take(Number.POSITIVE_INFINITY);
        const { bytes, start, end } = held;
        held.release();
        this.#host.budget.remove(count);
        this.user?.onStreamData(bytes, start, end);
        this.#passedOn(count);
      }
    }
    if (this.#held !== undefined || this.isPaused || this.isOver || !this.#isEndHeld) return;
    this.#isEndHeld = false;
    this.#closeIfDone();
    this.user?.onStreamEnd(this.#heldTrailers);
  }

  #passedOn(bytes: number): void {
    this.#host.onConsumed(bytes);
    this.#unacknowledged += bytes;
    this.#openWindow();
  }

  /** Gives the peer back what was passed on, in large steps, and not while the receiver has enough. */
  #openWindow(): void {
    if (this.isPaused || this.isReceived || this.isOver || !this.#opensWindow) return;
    if (this.#unacknowledged * 2 < this.#host.streamWindowBytes) return;
    if (this.#host.budget.isTight) {
      this.#host.budget.wait(this);
      return;
    }
    this.#receiveWindow += this.#unacknowledged;
    this.#host.openStreamWindow(this.id, this.#unacknowledged);
    this.#unacknowledged = 0;
  }

  onRoom(): void {
    this.#openWindow();
  }

  // ── ending ──

  giveUp(): void {
    this.#host.resetStream(this, "ENHANCE_YOUR_CALM", new Http2Error("buffers-full"));
  }

  /** Nothing further happens; what waits is dropped. The user is told when there is an error. */
  dispose(error?: PeerError): void {
    if (this.isOver) return;
    this.isOver = true;
    const { budget } = this.#host;
    budget.remove(this.heldBytes);
    budget.forget(this);
    this.#host.onConsumed(this.unreadBytes);
    this.#queue?.clear();
    this.#held = undefined;
    if (error !== undefined) this.user?.onStreamFailed(error);
  }

  #closeIfDone(): void {
    if (this.isOver || !this.isSent || !this.isReceived) return;
    if (this.#held !== undefined || this.#isEndHeld) return;
    this.isOver = true;
    this.#host.budget.forget(this);
    this.#host.onStreamClosed(this);
  }

  // ── watching ──

  /** To be called at equal intervals: counts those in which nothing moved. */
  look(): void {
    const delivered = this.bytesReceived - this.unreadBytes;
    const hasSent = this.bytesSent !== this.#seenSent;
    const hasReceived = this.bytesReceived !== this.#seenReceived;
    const hasDelivered = delivered !== this.#seenDelivered;
    this.#seenSent = this.bytesSent;
    this.#seenReceived = this.bytesReceived;
    this.#seenDelivered = delivered;
    this.unsentLooks = this.queuedBytes === 0 || hasSent ? 0 : this.unsentLooks + 1;
    this.unreadLooks = this.unreadBytes === 0 || hasDelivered ? 0 : this.unreadLooks + 1;
    this.idleLooks = hasSent || hasReceived ? 0 : this.idleLooks + 1;
    const isExpecting = !this.isReceived && !this.isPaused;
    this.silentLooks = !isExpecting || hasReceived ? 0 : this.silentLooks + 1;
  }
}
