import { Buffer } from "node:buffer";
import type { ClientExchange, FieldView } from "#http/exchange.ts";

/** Pieces below this are copied together. */
const SMALL_BYTES = 2 * 1024;
const JOINED_BYTES = 8 * 1024;

/**
 * What has arrived of a request's body: held while there is no connection to send it on, and, up to a limit, kept for
 * another try.
 */
export class RequestBody {
  readonly #replayBytes: number;
  readonly #chunks: Uint8Array[] = [];
  /** The last chunk is the beginning of this. */
  #joined: Buffer | undefined = undefined;
  #joinedBytes = 0;
  #heldBytes = 0;
  #mayReplay = true;
  isComplete = false;
  trailers: FieldView | undefined = undefined;

  /** `replayBytes`: so much is kept for another try. */
  constructor(replayBytes: number) {
    this.#replayBytes = replayBytes;
  }

  /** All that was sent so far could be sent again. */
  get mayReplay(): boolean {
    return this.#mayReplay;
  }

  reset(): void {
    this.#forget();
    this.#mayReplay = true;
    this.isComplete = false;
    this.trailers = undefined;
  }

  /** `isWaiting`: nobody has got this piece yet, so it is held whatever its size. */
  hold(slice: Uint8Array, isWaiting: boolean): void {
    if (!this.#mayReplay && !isWaiting) return;
    this.#keep(slice);
    this.#heldBytes += slice.length;
    if (this.#heldBytes <= this.#replayBytes) return;
    this.#mayReplay = false;
    if (!isWaiting) this.#forget();
  }

  /** Sends what is held. False: the upstream is full. */
  sendTo(upstream: ClientExchange): boolean {
    let hasRoom = true;
    for (const chunk of this.#chunks) hasRoom = upstream.write(chunk);
    if (!this.#mayReplay) this.#forget();
    return hasRoom;
  }

  /** No further try will be made. */
  stopKeeping(): void {
    this.#mayReplay = false;
    this.#forget();
  }

  /** A small piece may be a view of a large read: a peer that sends many of these would make us hold far more than counts. */
  #keep(slice: Uint8Array): void {
    const { length } = slice;
    if (this.#chunks.length === 0 || length >= SMALL_BYTES) {
      this.#chunks.push(slice);
      this.#joined = undefined;
      return;
    }
    if (this.#joined === undefined || this.#joinedBytes + length > JOINED_BYTES) {
      this.#joined = Buffer.allocUnsafeSlow(JOINED_BYTES);
      this.#joinedBytes = 0;
      this.#chunks.push(this.#joined);
    }
    this.#joined.set(slice, this.#joinedBytes);
    this.#joinedBytes += length;
    this.#chunks[this.#chunks.length - 1] = this.#joined.subarray(0, this.#joinedBytes);
  }

  #forget(): void {
    this.#joined = undefined;
    if (this.#chunks.length > 0) this.#chunks.length = 0;
    this.#heldBytes = 0;
  }
}
