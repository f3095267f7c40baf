// What the workers of one proxy have counted for metrics, in memory that outlives each of them: one region per worker,
// which only that worker and its successors write, and which the first worker reads.
//
//   region: [numbers used][starts][connections][began at] [row][row]…     row: [length][octets of key][key…][numbers…]
//
// A row is written whole before `numbers used` says that it is there, and never moves: a worker that is killed leaves
// numbers that its successor goes on counting, and nobody ever sees less than before.
import { mapSharedMemory } from "#net/shared-memory.ts";
import type { SeriesKey, SeriesStore, StoredSeries } from "../telemetry/series-store.ts";

/** Of one worker: some 3,000 kinds of answer. Pages that are never touched cost nothing. */
export const SERIES_REGION_BYTES = 4 << 20;

const NUMBER = 8;
/** Places in numbers of 8 octets; `used` alone is an integer, changed as a whole. */
const HEAD = { used: 0, starts: 1, connections: 2, beganAt: 3, length: 8 } as const;
const ROW_HEAD = 2;

export interface SharedSeriesOptions {
  readonly fd: number;
  /** Where the first worker's region begins, in octets. */
  readonly offset: number;
  readonly worker: number;
  readonly workers: number;
  readonly wallMs: number;
}

/** What is known of one worker, its predecessors included. */
export interface WorkerCounts {
  readonly starts: number;
  readonly connections: number;
}

export class SharedSeries implements SeriesStore {
  readonly #regions: readonly Region[];
  readonly #own: Region;

  /** Throws an Error when the memory cannot be mapped. */
  constructor({ fd, offset, worker, workers, wallMs }: SharedSeriesOptions) {
    const size = offset + workers * SERIES_REGION_BYTES;
    const { buffer } = mapSharedMemory(fd, size);
    const region = (n: number) => new Region(buffer, offset + n * SERIES_REGION_BYTES);
    this.#regions = Array.from({ length: workers }, (_, n) => region(n));
    this.#own = this.#regions[worker] ?? region(worker);
    this.#own.begin(wallMs);
  }

  claim(key: SeriesKey, length: number): Float64Array | undefined {
    return this.#own.claim(JSON.stringify(key), length);
  }

  own(): readonly StoredSeries[] {
    return Array.from(this.#own.rows(), ([text, numbers]) => ({ key: JSON.parse(text), numbers }));
  }

  all(): readonly StoredSeries[] {
    const sums = new Map<string, Float64Array>();
    for (const region of this.#regions)
      for (const [text, numbers] of region.rows()) {
        const sum = sums.get(text);
        if (sum === undefined) sums.set(text, numbers.slice());
        else for (const [i, number] of numbers.entries()) sum[i] = (sum[i] ?? 0) + number;
      }
    return Array.from(sums, ([text, numbers]) => ({ key: JSON.parse(text), numbers }));
  }

  /** One more connection of this worker. */
  accepted(): void {
    this.#own.accepted();
  }

  counts(): readonly WorkerCounts[] {
    return this.#regions.map((region) => region.counts());
  }

  /** When the first of all workers began to count. */
  get beganAtMs(): number {
    const began = this.#regions.map(({ beganAtMs }) => beganAtMs).filter((ms) => ms > 0);
    return Math.min(...began);
  }
}

class Region {
  readonly #used: Int32Array;
  readonly #numbers: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #rows = new Map<string, Float64Array>();
  /** In numbers: up to where rows were read. */
  #readTo: number = HEAD.length;

  constructor(buffer: ArrayBuffer, at: number) {
    this.#used = new Int32Array(buffer, at, 1);
    this.#numbers = new Float64Array(buffer, at, SERIES_REGION_BYTES / NUMBER);
    this.#bytes = new Uint8Array(buffer, at, SERIES_REGION_BYTES);
  }

  begin(wallMs: number): void {
    Atomics.compareExchange(this.#used, HEAD.used, 0, HEAD.length);
    if (this.#number(HEAD.beganAt) === 0) this.#numbers[HEAD.beganAt] = wallMs;
    this.#numbers[HEAD.starts] = this.#number(HEAD.starts) + 1;
  }

  accepted(): void {
    this.#numbers[HEAD.connections] = this.#number(HEAD.connections) + 1;
  }

  counts(): WorkerCounts {
    return { starts: this.#number(HEAD.starts), connections: this.#number(HEAD.connections) };
  }

  get beganAtMs(): number {
    return this.#number(HEAD.beganAt);
  }

  claim(text: string, length: number): Float64Array | undefined {
    const known = this.rows().get(text);
    if (known !== undefined) return known;
    const key = Buffer.from(text);
    const at = this.#readTo;
    const numbersAt = at + ROW_HEAD + Math.ceil(key.length / NUMBER);
    const end = numbersAt + length;
    if (end > this.#numbers.length) return undefined;
    this.#numbers.fill(0, at, end); // a predecessor may have died here
    this.#numbers[at] = length;
    this.#numbers[at + 1] = key.length;
    this.#bytes.set(key, (at + ROW_HEAD) * NUMBER);
    Atomics.store(this.#used, HEAD.used, end);
    return this.rows().get(text);
  }

  /** Those that are there by now. */
  rows(): ReadonlyMap<string, Float64Array> {
    const used = Atomics.load(this.#used, HEAD.used);
    while (this.#readTo < used) {
      const at = this.#readTo;
      const length = this.#number(at);
      const keyBytes = this.#number(at + 1);
      const keyAt = (at + ROW_HEAD) * NUMBER;
      const text = Buffer.from(this.#bytes.slice(keyAt, keyAt + keyBytes)).toString();
      const numbersAt = at + ROW_HEAD + Math.ceil(keyBytes / NUMBER);
      this.#readTo = numbersAt + length;
      this.#rows.set(text, this.#numbers.subarray(numbersAt, this.#readTo));
    }
    return this.#rows;
  }

  #number(at: number): number {
    return this.#numbers[at] ?? 0;
  }
}
