// gRPC's framing of messages inside an HTTP/2 stream: one flag byte, four bytes of length, the message.
import { XdsError } from "../xds-error.ts";

const HEAD_BYTES = 5;

export function encodeFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, HEAD_BYTES);
  return frame;
}

/** Puts messages together from chunks of any size; holds at most one unfinished message. */
export class FrameReader {
  readonly #maxBytes: number;
  #head = new Uint8Array(HEAD_BYTES);
  #headFilled = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Calls back per finished message. Throws XdsError `too-large` or `protocol`. */
  push(chunk: Uint8Array, onMessage: (message: Uint8Array) => void): void {
    let at = 0;
    while (at < chunk.length || (this.#message !== undefined && this.#message.length === 0)) {
      if (this.#message === undefined) {
        at += this.#fillHead(chunk.subarray(at));
        continue;
      }
      const take = Math.min(chunk.length - at, this.#message.length - this.#filled);
      this.#message.set(chunk.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      if (this.#filled < this.#message.length) return;
      const message = this.#message;
      this.#message = undefined;
      onMessage(message);
    }
  }

  /** Throws XdsError `protocol` when the stream ends inside a message. */
  finish(): void {
    if (this.#headFilled > 0 || this.#message !== undefined)
      throw new XdsError("protocol", "the stream ended in the middle of a message");
  }

  #fillHead(chunk: Uint8Array): number {
    const take = Math.min(chunk.length, HEAD_BYTES - this.#headFilled);
    this.#head.set(chunk.subarray(0, take), this.#headFilled);
    this.#headFilled += take;
    if (this.#headFilled < HEAD_BYTES) return take;
    this.#headFilled = 0;
    if (this.#head[0] !== 0)
      throw new XdsError("protocol", "a compressed message came, although none was agreed on");
    const length = new DataView(this.#head.buffer).getUint32(1);
    if (length > this.#maxBytes)
      throw new XdsError(
        "too-large",
        `a message of ${length} bytes came; at most ${this.#maxBytes} are read`,
      );
    this.#message = new Uint8Array(length);
    this.#filled = 0;
    return take;
  }
}
