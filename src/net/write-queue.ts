// What was written to a transport and not yet given to its socket. Small pieces are copied together into a batch, so
// that a head and a small body cost one system call; large ones are kept by reference.
import { Buffer } from "node:buffer";
import { bufferOf } from "#wire/byte-range.ts";
import { latin1Write } from "#wire/http1/latin1.ts";

const LARGE_BYTES = 16 * 1024;
/** A batch begins small, since most turns have one short message for a connection, and grows once: it is still one write. */
const SMALL_BATCH_BYTES = 4 * 1024;
const BATCH_BYTES = 32 * 1024;
const SPARE_BATCHES_MAX = 64;
const NOTHING = Buffer.alloc(0);

/** Batches that nobody uses: at the end of a turn as many are filled as connections have something to say. */
class SpareBatches {
  readonly #size: number;
  readonly #spare: Buffer[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  giveBack(batch: Buffer): void {
    if (this.#spare.length < SPARE_BATCHES_MAX) this.#spare.push(batch);
  }

  drop(): void {
    this.#spare.length = 0;
  }
}

const smallBatches = new SpareBatches(SMALL_BATCH_BYTES);
const bigBatches = new SpareBatches(BATCH_BYTES);

/** For moments without traffic. */
export function dropSpareBatches(): void {
  smallBatches.drop();
  bigBatches.drop();
}

function giveBack(batch: Buffer): void {
  (batch.length === SMALL_BATCH_BYTES ? smallBatches : bigBatches).giveBack(batch);
}

/**
 * First in, first out. `next` hands out a segment in three fields instead of as a view, which would cost more than the
 * copies. Segments may lie in the batch: call `release` when the socket is done with all.
 */
export class WriteQueue {
  sizeBytes = 0;
  /** The segment that `next` has found. */
  bytes: Buffer = NOTHING;
  from = 0;
  length = 0;
  readonly #segments: Buffer[] = [];
  #batch: Buffer | undefined;
  /** Of the batch: what is before `start` was handed out or sealed, what is before `end` is filled. */
  #start = 0;
  #end = 0;

  /** A string is latin1. */
  push(bytes: Uint8Array | string): void {
    const size = bytes.length;
    if (size === 0) return;
    this.sizeBytes += size;
    if (size >= LARGE_BYTES) {
      this.#seal();
      this.#segments.push(
        typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bufferOf(bytes),
      );
      return;
    }
    const batch = this.#room(size);
    if (typeof bytes === "string") latin1Write(batch, bytes, this.#end);
    else batch.set(bytes, this.#end);
    this.#end += size;
  }

  /** As `push` of a copy of `bytes.subarray(start, end)`. */
  pushRange(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size >= LARGE_BYTES) {
      this.push(Buffer.from(bytes.subarray(start, end)));
      return;
    }
    this.sizeBytes += size;
    bytes.copy(this.#room(size), this.#end, start, end);
    this.#end += size;
  }

  /** Finds the next bytes to write; false when the queue is empty. */
  next(): boolean {
    const segment = this.#segments.length > 0 ? this.#segments.shift() : undefined;
    if (segment !== undefined) {
      this.bytes = segment;
      this.from = 0;
      this.length = segment.length;
    } else {
      if (this.#batch === undefined || this.#start === this.#end) return false;
      this.bytes = this.#batch;
      this.from = this.#start;
      this.length = this.#end - this.#start;
      this.#start = this.#end;
    }
    this.sizeBytes -= this.length;
    return true;
  }

  /** Of the segment that `next` has found only so many bytes could be written: the rest comes again first. */
  keepFrom(taken: number): void {
    const from = this.from + taken;
    this.#segments.unshift(this.bytes.subarray(from, this.from + this.length));
    this.sizeBytes += this.length - taken;
  }

  /** `next` as a view. */
  shift(): Buffer | undefined {
    if (!this.next()) return undefined;
    const { bytes, from, length } = this;
    return length === bytes.length ? bytes : bytes.subarray(from, from + length);
  }

  /** Nobody refers to a segment any more: the batch may be used by others. Only for an empty queue. */
  release(): void {
    this.bytes = NOTHING;
    if (this.#batch === undefined) return;
    giveBack(this.#batch);
    this.#batch = undefined;
  }

  clear(): void {
    this.#segments.length = 0;
    this.#batch = undefined; // the socket may still refer to it, so nobody else gets it
    this.bytes = NOTHING;
    this.sizeBytes = 0;
  }

  /** The batch, with so much room after `#end`. */
  #room(size: number): Buffer {
    const batch = this.#batch;
    if (batch !== undefined && this.#end + size <= batch.length) return batch;
    return this.#nextBatch(batch, size);
  }

  #nextBatch(full: Buffer | undefined, size: number): Buffer {
    const isFirst = full === undefined && size <= SMALL_BATCH_BYTES;
    const batch = isFirst ? smallBatches.take() : bigBatches.take();
    if (full?.length === SMALL_BATCH_BYTES && this.#start === 0) {
      full.copy(batch, 0, 0, this.#end);
      giveBack(full); // nothing of it was handed out
    } else {
      this.#seal();
      this.#start = 0;
      this.#end = 0;
    }
    this.#batch = batch;
    return batch;
  }

  #seal(): void {
    if (this.#batch === undefined || this.#start === this.#end) return;
    this.#segments.push(this.#batch.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
