/** Istio's buckets, for milliseconds and for bytes alike. */
export const istioBounds: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000,
  600_000, 1_800_000, 3_600_000,
];

const BUCKETS = istioBounds.length + 1;
/** Numbers of one histogram: a count per bucket, then the sum. */
export const HISTOGRAM_LENGTH = BUCKETS + 1;

/** Counts per bucket in a plain array; summed up only when somebody looks. */
export class Histogram {
  readonly #numbers: Float64Array;

  /** `numbers`: where it counts, `HISTOGRAM_LENGTH` of them. */
  constructor(numbers: Float64Array = new Float64Array(HISTOGRAM_LENGTH)) {
    this.#numbers = numbers;
  }

  observe(value: number): void {
    const numbers = this.#numbers;
    let at = 0;
    while (at < istioBounds.length && value > (istioBounds[at] ?? 0)) at++;
    numbers[at] = (numbers[at] ?? 0) + 1;
    numbers[BUCKETS] = (numbers[BUCKETS] ?? 0) + value;
  }

  get count(): number {
    return this.cumulative().at(-1) ?? 0;
  }

  get sum(): number {
    return this.#numbers[BUCKETS] ?? 0;
  }

  cumulative(): readonly number[] {
    let total = 0;
    return Array.from(this.#numbers.subarray(0, BUCKETS), (count) => {
      total += count;
      return total;
    });
  }
}
