/** Istio's buckets, for milliseconds and for bytes alike. */
export const istioBounds: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000,
  600_000, 1_800_000, 3_600_000,
];

/** Counts per bucket in a plain array; summed up only when somebody looks. */
export class Histogram {
  readonly #counts = new Float64Array(istioBounds.length + 1);
  sum = 0;

  observe(value: number): void {
    let at = 0;
    while (at < istioBounds.length && value > (istioBounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.sum += value;
  }

  cumulative(): readonly number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => {
      total += count;
      return total;
    });
  }
}
