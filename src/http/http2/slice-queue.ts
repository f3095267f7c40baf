import { Buffer } from "node:buffer";
import { BATCH_BYTES, bigBatches } from "#net/spare-batches.ts";

/** From so many slices on, small ones are copied together. */
const MANY_SLICES = 8;
const SMALL_BYTES = 4 * 1024;
/** What is copied to be lent, and not smaller, takes a batch that others had before. */
const POOLED_BYTES = 8 * 1024;
/** Other memory for copies has room for as much as the queue holds, within these. */
const COPY_BYTES_MIN = 256;
const COPY_BYTES_MAX = 16 * 1024;
const NOTHING = Buffer.alloc(0);

interface Slice {
  readonly bytes: Buffer;
  readonly start: number;
  end: number;
  /** The memory is the queue's: there may be room after `end`. */
  readonly isOurs: boolean;
}

/**
 * Bytes that wait, first in, first out. `push` keeps them by reference, for those that go on at once; `copy` leaves the
 * memory they came in, which may be much larger, to its owner. Most bodies are one range, that is not put in a list.
 * `take` hands out what it found in three fields.
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
  #isFirstOurs = false;
  readonly #lends: boolean;
  #more: Slice[] | undefined = undefined;
  /** Of `#more`: the first that waits. */
  #head = 0;
  /** Was taken whole, and is lent. */
  #spent: Buffer | undefined = undefined;

  /** `lends`: what `take` has found may be used for something else after `release`, so whoever gets it must copy it. */
  constructor(lends: boolean) {
    this.#lends = lends;
  }

  /** Adds `bytes` from `start` up to `end`, which is not nothing. They must stay as they are until they are taken. */
  push(bytes: Buffer, start: number, end: number): void {
    const isMany = this.#more !== undefined && this.#more.length - this.#head >= MANY_SLICES - 1;
    if (isMany && end - start < SMALL_BYTES) this.copy(bytes, start, end);
    else {
      this.sizeBytes += end - start;
      this.#add(bytes, start, end, false);
    }
  }

  /** As `push` of a copy. */
  copy(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const size = this.#append(bytes, at, end);
      this.sizeBytes += size;
      at += size;
    }
  }

  /** Takes the first slice, or its first `maxBytes`: finds them in `bytes`, and returns how many. Only of a queue that is not empty. */
  take(maxBytes: number): number {
    this.release();
    const first = this.#first as Buffer;
    const count = Math.min(maxBytes, this.#firstEnd - this.#firstStart);
    this.bytes = first;
    this.start = this.#firstStart;
    this.end = this.start + count;
    this.sizeBytes -= count;
    this.#firstStart = this.end;
    if (this.end === this.#firstEnd) this.#advance(first);
    return count;
  }

  /** What `take` has found is not needed any more. */
  release(): void {
    this.bytes = NOTHING;
    if (this.#spent === undefined) return;
    bigBatches.giveBack(this.#spent);
    this.#spent = undefined;
  }

  clear(): void {
    while (this.sizeBytes > 0) this.take(this.sizeBytes);
    this.release();
  }

  #add(bytes: Buffer, start: number, end: number, isOurs: boolean): void {
    if (this.#first === undefined) {
      this.#first = bytes;
      this.#firstStart = start;
      this.#firstEnd = end;
      this.#isFirstOurs = isOurs;
      return;
    }
    this.#more ??= [];
    this.#more.push({ bytes, start, end, isOurs });
  }

  /** Copies as much as there is room for in one piece of memory. Returns how much. */
  #append(bytes: Buffer, start: number, end: number): number {
    const last = this.#more?.at(-1);
    if (last !== undefined) {
      const size = last.isOurs ? Math.min(end - start, last.bytes.length - last.end) : 0;
      if (size > 0) {
        bytes.copy(last.bytes, last.end, start, start + size);
        last.end += size;
        return size;
      }
    } else if (this.#first !== undefined && this.#isFirstOurs) {
      const size = Math.min(end - start, this.#first.length - this.#firstEnd);
      if (size > 0) {
        bytes.copy(this.#first, this.#firstEnd, start, start + size);
        this.#firstEnd += size;
        return size;
      }
    }
    const memory = this.#memoryFor(end - start);
    const size = Math.min(end - start, memory.length);
    bytes.copy(memory, 0, start, start + size);
    this.#add(memory, 0, size, true);
    return size;
  }

  #memoryFor(length: number): Buffer {
    if (this.#lends && length >= POOLED_BYTES) return bigBatches.take();
    const asMuch = Math.min(Math.max(this.sizeBytes, COPY_BYTES_MIN), COPY_BYTES_MAX);
    return Buffer.allocUnsafeSlow(Math.max(length, asMuch));
  }

  #advance(spent: Buffer): void {
    if (this.#isFirstOurs && this.#lends && spent.length === BATCH_BYTES) this.#spent = spent;
    const more = this.#more;
    const next = more?.[this.#head];
    this.#first = next?.bytes;
    if (more === undefined || next === undefined) return;
    this.#firstStart = next.start;
    this.#firstEnd = next.end;
    this.#isFirstOurs = next.isOurs;
    this.#head++;
    if (this.#head === more.length) {
      more.length = 0;
      this.#head = 0;
    } else if (this.#head > 32) {
      more.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
