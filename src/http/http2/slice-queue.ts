import { Buffer } from "node:buffer";

/** From so many slices on, small ones are copied together. */
const MANY_SLICES = 8;
const SMALL_BYTES = 4 * 1024;
const JOINED_BYTES = 16 * 1024;

/** Bytes that wait, first in, first out, kept by reference while they are few. */
export class SliceQueue {
  sizeBytes = 0;
  readonly #slices: Uint8Array[] = [];
  #head = 0;
  /** The last slice is ours, with room after `#joinedEnd`. */
  #joined: Buffer | undefined;
  #joinedEnd = 0;

  push(slice: Uint8Array): void {
    const { length } = slice;
    this.sizeBytes += length;
    if (this.#slices.length - this.#head >= MANY_SLICES && length < SMALL_BYTES) this.#join(slice);
    else {
      this.#joined = undefined;
      this.#slices.push(slice);
    }
  }

  /** The first slice; undefined when the queue is empty. */
  peek(): Uint8Array | undefined {
    return this.#slices[this.#head];
  }

  /** Takes the first slice, or its first `count` bytes. */
  take(count: number): Uint8Array {
    const first = this.#slices[this.#head] as Uint8Array;
    this.sizeBytes -= Math.min(count, first.length);
    if (count < first.length) {
      this.#slices[this.#head] = first.subarray(count);
      return first.subarray(0, count);
    }
    this.#head++;
    if (this.#head === this.#slices.length) {
      this.#slices.length = 0;
      this.#head = 0;
      this.#joined = undefined;
    } else if (this.#head > 32) {
      this.#slices.splice(0, this.#head);
      this.#head = 0;
    }
    return first;
  }

  clear(): void {
    this.#slices.length = 0;
    this.#head = 0;
    this.sizeBytes = 0;
    this.#joined = undefined;
  }

  #join(slice: Uint8Array): void {
    const last = this.#joined;
    if (last !== undefined && this.#joinedEnd + slice.length <= last.length) {
      last.set(slice, this.#joinedEnd);
      const from = this.#joinedEnd - (this.#slices.at(-1) as Uint8Array).length;
      this.#joinedEnd += slice.length;
      this.#slices[this.#slices.length - 1] = last.subarray(from, this.#joinedEnd);
      return;
    }
    const joined = Buffer.allocUnsafeSlow(JOINED_BYTES);
    joined.set(slice, 0);
    this.#joined = joined;
    this.#joinedEnd = slice.length;
    this.#slices.push(joined.subarray(0, slice.length));
  }
}
