// What the workers of one proxy have counted for metrics, in memory that outlives each of them: one region per worker,
// which only that worker and its successors write, and which the first worker reads.
import type { SeriesKey, SeriesStore, StoredSeries } from "../telemetry/series-store.ts";
import { SERIES_REGION_BYTES, SeriesRegion, type WorkerCounts } from "./series-region.ts";

export interface SharedSeriesOptions {
  readonly fd: number;
  /** Where the first worker's region begins, in octets: whole pages. */
  readonly offset: number;
  readonly worker: number;
  readonly workers: number;
  readonly wallMs: number;
}

export class SharedSeries implements SeriesStore {
  readonly #options: SharedSeriesOptions;
  readonly #own: SeriesRegion;
  #regions: readonly SeriesRegion[] | undefined;

  /** Throws an Error when the memory cannot be mapped. */
  constructor(options: SharedSeriesOptions) {
    this.#options = options;
    this.#own = this.#region(options.worker);
    this.#own.begin(options.wallMs);
  }

  claim(key: SeriesKey, length: number): Float64Array | undefined {
    return this.#own.claim(JSON.stringify(key), length);
  }

  own(): readonly StoredSeries[] {
    return Array.from(this.#own.rows(), ([text, numbers]) => ({ key: JSON.parse(text), numbers }));
  }

  all(): readonly StoredSeries[] {
    const sums = new Map<string, Float64Array>();
    for (const region of this.#all)
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
    return this.#all.map((region) => region.counts());
  }

  /** When the first worker of this number began to count. */
  get beganAtMs(): number {
    return this.#own.beganAtMs;
  }

  /** Only the first worker looks at those of others. */
  get #all(): readonly SeriesRegion[] {
    const { worker, workers } = this.#options;
    this.#regions ??= Array.from({ length: workers }, (_, n) =>
      n === worker ? this.#own : this.#region(n),
    );
    return this.#regions;
  }

  #region(n: number): SeriesRegion {
    const { fd, offset } = this.#options;
    return new SeriesRegion(fd, offset + n * SERIES_REGION_BYTES);
  }
}
