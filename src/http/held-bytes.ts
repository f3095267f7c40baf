import { Buffer } from "node:buffer";

/** Bytes that cannot be read yet: an unfinished head, or what a client sent ahead. Grows by doubling. */
export class HeldBytes {
  #bytes: Buffer | undefined = undefined;
  #length = 0;
  /** The bytes are a piece that belongs to us whole: not to be appended to in place. */
  #isBorrowed = false;

  get length(): number {
    return this.#length;
  }

  append(piece: Buffer): void {
    if (piece.length === 0) return;
    const current = this.#bytes;
    if (current === undefined) {
      this.#bytes = piece;
      this.#length = piece.length;
      this.#isBorrowed = true;
      return;
    }
    const needed = this.#length + piece.length;
    if (this.#isBorrowed || needed > current.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * needed, 512));
      current.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
      this.#isBorrowed = false;
    }
    piece.copy(this.#bytes as Buffer, this.#length);
    this.#length = needed;
  }

  /** Everything held, only to be looked at before the next call. */
  peek(): Buffer | undefined {
    return this.#bytes?.subarray(0, this.#length);
  }

  /** Everything held, which is then the caller's. */
  take(): Buffer | undefined {
    const bytes = this.#bytes;
    const length = this.#length;
    this.#bytes = undefined;
    this.#length = 0;
    this.#isBorrowed = false;
    return bytes === undefined || bytes.length === length ? bytes : bytes.subarray(0, length);
  }
}
