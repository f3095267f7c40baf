import type { CounterSample, HistogramSample } from "./golden-push.ts";

/**
 * The last values that one proxy pushed, per series. A proxy that pushes more series than any proxy has is not believed:
 * what is over the limit is not counted, and what it costs to remember a proxy is bounded.
 */
export class PushedCounters {
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Map<number, number>>();

  /** By how much the counter has grown since the push before. A smaller value is a new beginning. */
  grownBy({ labels, value }: CounterSample): number {
    const key = seriesKey(labels);
    const before = this.#requests.get(key);
    if (before === undefined && this.#requests.size >= seriesMax) return 0;
    this.#requests.set(key, value);
    return growth(before, value);
  }

  /** The same for each bucket of a histogram, by its own requests alone. */
  bucketsGrownBy({ labels, buckets }: HistogramSample): readonly (readonly [number, number])[] {
    const key = seriesKey(labels);
    const before = this.#durations.get(key) ?? new Map<number, number>();
    if (before.size === 0 && this.#durations.size >= seriesMax) return [];
    this.#durations.set(key, before);
    let below = 0;
    return buckets.slice(0, bucketsMax).map(({ upperBound, cumulativeCount }) => {
      const grown = growth(before.get(upperBound), cumulativeCount - below);
      before.set(upperBound, cumulativeCount - below);
      below = cumulativeCount;
      return [upperBound, grown] as const;
    });
  }
}

/** A proxy of ours stops at fewer series; Istio's histograms have 20 buckets. */
const seriesMax = 10_000;
const bucketsMax = 40;

function growth(before = 0, value: number): number {
  if (!Number.isFinite(value)) return 0;
  return Math.max(0, value >= before ? value - before : value);
}

const seriesKey = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `|${name}=${value}`)
    .sort()
    .join("");
