import { Buffer } from "node:buffer";
import { sliceOf } from "#wire/byte-range.ts";

/** From so many slices on, small ones are copied together. */
const MANY_SLICES = 8;
const SMALL_BYTES = 4 * 1024;
const JOINED_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Bytes that wait, first in, first out, kept by reference while they are few. Most bodies are one range, that is neither
 * made a view nor put in a list; `take` hands out what it found in three fields.
 */
export class SliceQueue {
  sizeBytes = 0;
  /** What `take` has found. */
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  #first: Buffer | undefined = undefined;
  #firstStart = 0;
  #firstEnd = 0;
  #more: Buffer[] | undefined = undefined;
  /** Of `#more`: the first that waits. */
  #head = 0;
  /** The last slice is ours, with room after `#joinedEnd`. */
  #joined: Buffer | undefined = undefined;
  #joinedEnd = 0;

  /** Adds `bytes` from `start` up to `end`, which is not nothing. */
  push(bytes: Buffer, start: number, end: number): void {
    this.sizeBytes += end - start;
    if (this.#first === undefined) {
      this.#first = bytes;
      this.#firstStart = start;
      this.#firstEnd = end;
      return;
    }
    this.#more ??= [];
    const isMany = this.#more.length - this.#head >= MANY_SLICES - 1;
    if (isMany && end - start < SMALL_BYTES) this.#join(this.#more, bytes, start, end);
    else {
      this.#joined = undefined;
      this.#more.push(sliceOf(bytes, start, end));
    }
  }

  /** Takes the first slice, or its first `maxBytes`: finds them in `bytes`, and returns how many. Only of a queue that is not empty. */
  take(maxBytes: number): number {
    const first = this.#first as Buffer;
    const count = Math.min(maxBytes, this.#firstEnd - this.#firstStart);
    this.bytes = first;
    this.start = this.#firstStart;
    this.end = this.start + count;
    this.sizeBytes -= count;
    this.#firstStart = this.end;
    if (this.end === this.#firstEnd) this.#advance();
    return count;
  }

  /** What `take` has found is not needed any more. */
  release(): void {
    this.bytes = NOTHING;
  }

  clear(): void {
    this.#first = undefined;
    this.#more = undefined;
    this.#head = 0;
    this.#joined = undefined;
    this.sizeBytes = 0;
    this.release();
  }

  #advance(): void {
    const more = this.#more;
    const next = more?.[this.#head];
    this.#first = next;
    if (more === undefined || next === undefined) return;
    this.#firstStart = 0;
    this.#firstEnd = next.length;
    this.#head++;
    if (this.#head === more.length) {
      more.length = 0;
      this.#head = 0;
      this.#joined = undefined;
    } else if (this.#head > 32) {
      more.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #join(more: Buffer[], bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const last = this.#joined;
    if (last !== undefined && this.#joinedEnd + length <= last.length) {
      bytes.copy(last, this.#joinedEnd, start, end);
      const from = this.#joinedEnd - (more.at(-1) as Buffer).length;
      this.#joinedEnd += length;
      more[more.length - 1] = last.subarray(from, this.#joinedEnd);
      return;
    }
    const joined = Buffer.allocUnsafeSlow(JOINED_BYTES);
    bytes.copy(joined, 0, start, end);
    this.#joined = joined;
    this.#joinedEnd = length;
    more.push(joined.subarray(0, length));
  }
}
