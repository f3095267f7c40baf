// What was written to a transport and not yet given to its socket. Small pieces are copied together into a batch, so
// that a head and a small body cost one system call; large ones are kept by reference.

const BATCH_BYTES = 32 * 1024;
const LARGE_BYTES = 16 * 1024;
const SPARE_BATCHES_MAX = 64;
const spareBatches: Buffer[] = [];

/** First in, first out. Segments handed out may be views of the batch: call `release` when the socket is done with all. */
export class WriteQueue {
  sizeBytes = 0;
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
    let batch = this.#batch;
    if (batch === undefined || this.#end + size > BATCH_BYTES) {
      this.#seal();
      batch = spareBatches.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
      this.#batch = batch;
      this.#start = 0;
      this.#end = 0;
    }
    if (typeof bytes === "string") batch.latin1Write(bytes, this.#end);
    else batch.set(bytes, this.#end);
    this.#end += size;
  }

  /** The next bytes to write; undefined when the queue is empty. */
  shift(): Buffer | undefined {
    const segment = this.#segments.shift() ?? this.#rest();
    if (segment !== undefined) this.sizeBytes -= segment.length;
    return segment;
  }

  /** Nobody refers to a segment any more: the batch may be used by others. Only for an empty queue. */
  release(): void {
    if (this.#batch === undefined) return;
    if (spareBatches.length < SPARE_BATCHES_MAX) spareBatches.push(this.#batch);
    this.#batch = undefined;
  }

  clear(): void {
    this.#segments.length = 0;
    this.#batch = undefined; // the socket may still refer to it, so nobody else gets it
    this.sizeBytes = 0;
  }

  #seal(): void {
    const rest = this.#rest();
    if (rest !== undefined) this.#segments.push(rest);
  }

  #rest(): Buffer | undefined {
    if (this.#batch === undefined || this.#start === this.#end) return undefined;
    const rest = this.#batch.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return rest;
  }
}

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
