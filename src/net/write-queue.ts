// What was written to a transport and not yet given to its socket. Small pieces are copied together into a batch, so
// that a head and a small body cost one system call; large ones are kept by reference.
import { Buffer } from "node:buffer";
import { bufferOf } from "#wire/byte-range.ts";
import { latin1Write } from "#wire/http1/latin1.ts";
import { BATCH_BYTES, bigBatches, giveBack, smallBatches } from "./spare-batches.ts";

const LARGE_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/** Of a batch, or bytes of somebody else's. */
interface Segment {
  readonly bytes: Buffer;
  from: number;
  readonly end: number;
  /** The last of a full batch: nobody refers to it once this is written. */
  readonly endsBatch: boolean;
}

/**
 * First in, first out. `next` hands out a segment in three fields instead of as a view, which would cost more than the
 * copies. It may lie in a batch, which others use once `next` has been called again, or `release`.
 */
export class WriteQueue {
  sizeBytes = 0;
  /** The segment that `next` has found. */
  bytes: Buffer = NOTHING;
  from = 0;
  length = 0;
  readonly #segments: Segment[] = [];
  /** Found by `next`, unless it is the batch's. */
  #found: Segment | undefined;
  #batch: Buffer | undefined;
  /** Of the batch: what is before `start` was handed out or sealed, what is before `end` is filled. */
  #start = 0;
  #end = 0;

  /** A string is latin1. Small bytes are copied, large ones kept by reference. */
  push(bytes: Uint8Array | string): void {
    const size = bytes.length;
    if (size === 0) return;
    this.sizeBytes += size;
    if (size >= LARGE_BYTES) {
      this.#seal(false);
      const kept = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bufferOf(bytes);
      this.#segments.push({ bytes: kept, from: 0, end: size, endsBatch: false });
      return;
    }
    const batch = this.#room(size);
    if (typeof bytes === "string") latin1Write(batch, bytes, this.#end);
    else batch.set(bytes, this.#end);
    this.#end += size;
  }

  /** As `push` of a copy of `bytes.subarray(start, end)`. */
  pushRange(bytes: Buffer, start: number, end: number): void {
    this.sizeBytes += end - start;
    for (let at = start; at < end; ) {
      const batch = this.#someRoom(end - at);
      const size = Math.min(end - at, batch.length - this.#end);
      bytes.copy(batch, this.#end, at, at + size);
      this.#end += size;
      at += size;
    }
  }

  /** Finds the next bytes to write; false when the queue is empty. What was found before is done with. */
  next(): boolean {
    if (this.#found?.endsBatch === true) giveBack(this.#found.bytes);
    this.#found = this.#segments.length > 0 ? this.#segments.shift() : undefined;
    const found = this.#found;
    if (found !== undefined) {
      this.bytes = found.bytes;
      this.from = found.from;
      this.length = found.end - found.from;
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
    const end = this.from + this.length;
    const found = this.#found ?? { bytes: this.bytes, from, end, endsBatch: false };
    found.from = from;
    this.#segments.unshift(found);
    this.#found = undefined;
    this.sizeBytes += this.length - taken;
  }

  /** `next` as a view, which stays as it is until `release`. */
  shift(): Buffer | undefined {
    if (!this.next()) return undefined;
    this.#found = undefined;
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
    this.#found = undefined;
    this.#batch = undefined; // the socket may still refer to it, so nobody else gets it
    this.bytes = NOTHING;
    this.sizeBytes = 0;
  }

  /** The batch, with so much room after `#end`; for what is copied whole. */
  #room(size: number): Buffer {
    const batch = this.#batch;
    if (batch !== undefined && this.#end + size <= batch.length) return batch;
    return this.#nextBatch(batch, size);
  }

  /** The batch, with some room after `#end`, and for all of it unless it is a big one. */
  #someRoom(size: number): Buffer {
    const batch = this.#batch;
    if (batch === undefined) return this.#nextBatch(batch, size);
    const room = batch.length - this.#end;
    const hasRoom = room >= size || (room > 0 && batch.length === BATCH_BYTES);
    return hasRoom ? batch : this.#nextBatch(batch, size);
  }

  /** A batch begins small, since most turns have one short message for a connection, and grows once: it is still one write. */
  #nextBatch(full: Buffer | undefined, size: number): Buffer {
    const isFirst = full === undefined && size <= smallBatches.sizeBytes;
    const batch = isFirst ? smallBatches.take() : bigBatches.take();
    if (full?.length === smallBatches.sizeBytes && this.#start === 0) {
      full.copy(batch, 0, 0, this.#end);
      giveBack(full); // nothing of it was handed out
    } else {
      this.#seal(true);
      this.#start = 0;
      this.#end = 0;
    }
    this.#batch = batch;
    return batch;
  }

  /** What is in the batch and was not handed out becomes a segment. */
  #seal(endsBatch: boolean): void {
    if (this.#batch === undefined || this.#start === this.#end) return;
    this.#segments.push({ bytes: this.#batch, from: this.#start, end: this.#end, endsBatch });
    this.#start = this.#end;
  }
}
