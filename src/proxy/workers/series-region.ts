// One worker's counters in memory that all workers have:
//
//   [numbers used][starts][connections][began at] [row][row]…       row: [length][octets of key][key…][numbers…]
//
// A row is written whole before `numbers used` says that it is there, and never moves: a worker that is killed leaves
// numbers that its successor goes on counting, and nobody ever sees less than before. The region is mapped chunk by chunk
// as it fills, and no row crosses from one to the next.
import { mapSharedMemory } from "#net/shared-memory.ts";

/** Some 3,000 kinds of answer. Pages that are never touched cost nothing. */
export const SERIES_REGION_BYTES = 4 << 20;
const CHUNK_BYTES = 256 << 10;

const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
const CHUNK = CHUNK_BYTES / NUMBER_BYTES;
/** Places in numbers; `used` alone is an integer of 32 bits, changed as a whole. */
const HEAD = { used: 0, starts: 1, connections: 2, beganAt: 3, length: 8 } as const;
const ROW_HEAD = 2;
/** In place of a length: the rest of the chunk is empty. */
const NEXT_CHUNK = -1;

/** What is known of one worker, its predecessors included. */
export interface WorkerCounts {
  readonly starts: number;
  readonly connections: number;
}

interface Chunk {
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
}

export class SeriesRegion {
  readonly #fd: number;
  readonly #offset: number;
  readonly #chunks: Chunk[] = [];
  readonly #first: Float64Array;
  readonly #used: Int32Array;
  readonly #rows = new Map<string, Float64Array>();
  /** Up to where rows were read. */
  #readTo: number = HEAD.length;

  /** `offset`: in octets, whole pages. Throws an Error when the memory cannot be mapped. */
  constructor(fd: number, offset: number) {
    this.#fd = fd;
    this.#offset = offset;
    const { numbers, bytes } = this.#chunk(0);
    this.#first = numbers;
    this.#used = new Int32Array(bytes.buffer, 0, 1);
  }

  /** A worker of this number starts. */
  begin(wallMs: number): void {
    Atomics.compareExchange(this.#used, HEAD.used, 0, HEAD.length);
    if (this.beganAtMs === 0) this.#first[HEAD.beganAt] = wallMs;
    this.#count(HEAD.starts);
  }

  accepted(): void {
    this.#count(HEAD.connections);
  }

  counts(): WorkerCounts {
    const [, starts = 0, connections = 0] = this.#first;
    return { starts, connections };
  }

  /** 0: no worker of this number has started. */
  get beganAtMs(): number {
    return this.#first[HEAD.beganAt] ?? 0;
  }

  /** The numbers of that key, all zero when it is new. Undefined: there is no room. Only for the region's own worker. */
  claim(text: string, length: number): Float64Array | undefined {
    const known = this.rows().get(text);
    if (known !== undefined) return known;
    const key = Buffer.from(text);
    const size = ROW_HEAD + Math.ceil(key.length / NUMBER_BYTES) + length;
    const at = this.#placeFor(size);
    if (at === undefined) return undefined;
    const { numbers, bytes } = this.#chunk(Math.floor(at / CHUNK));
    const place = at % CHUNK;
    numbers.fill(0, place, place + size); // a predecessor may have died here
    numbers[place] = length;
    numbers[place + 1] = key.length;
    bytes.set(key, (place + ROW_HEAD) * NUMBER_BYTES);
    Atomics.store(this.#used, HEAD.used, at + size);
    return this.rows().get(text);
  }

  /** Those that are there by now. */
  rows(): ReadonlyMap<string, Float64Array> {
    const used = Atomics.load(this.#used, HEAD.used);
    while (this.#readTo < used) this.#readRow();
    return this.#rows;
  }

  #readRow(): void {
    const chunk = Math.floor(this.#readTo / CHUNK);
    const { numbers, bytes } = this.#chunk(chunk);
    const place = this.#readTo % CHUNK;
    const length = numbers[place] ?? 0;
    if (length === NEXT_CHUNK) {
      this.#readTo = (chunk + 1) * CHUNK;
      return;
    }
    const keyBytes = numbers[place + 1] ?? 0;
    const keyAt = (place + ROW_HEAD) * NUMBER_BYTES;
    const text = Buffer.from(bytes.slice(keyAt, keyAt + keyBytes)).toString();
    const numbersAt = place + ROW_HEAD + Math.ceil(keyBytes / NUMBER_BYTES);
    this.#rows.set(text, numbers.subarray(numbersAt, numbersAt + length));
    this.#readTo += numbersAt + length - place;
  }

  /** Behind the last row, or in the next chunk. */
  #placeFor(size: number): number | undefined {
    const at = this.#readTo;
    const left = CHUNK - (at % CHUNK);
    if (size <= left && at < SERIES_REGION_BYTES / NUMBER_BYTES) return at;
    const next = at + left;
    if (size > CHUNK || next >= SERIES_REGION_BYTES / NUMBER_BYTES) return undefined;
    this.#chunk(Math.floor(at / CHUNK)).numbers[at % CHUNK] = NEXT_CHUNK;
    return next;
  }

  #chunk(n: number): Chunk {
    const known = this.#chunks[n];
    if (known !== undefined) return known;
    const { buffer } = mapSharedMemory(this.#fd, CHUNK_BYTES, this.#offset + n * CHUNK_BYTES);
    const made = { numbers: new Float64Array(buffer), bytes: new Uint8Array(buffer) };
    this.#chunks[n] = made;
    return made;
  }

  #count(place: number): void {
    this.#first[place] = (this.#first[place] ?? 0) + 1;
  }
}
