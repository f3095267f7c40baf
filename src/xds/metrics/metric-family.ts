/** Prometheus' data model: what one metric's name stands for, with all its label sets. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly metrics: readonly Metric[];
}

export type MetricType = "counter" | "gauge" | "histogram" | "untyped";

export interface Metric {
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; absent: now. */
  readonly timestampMs?: number;
  /** Counter, gauge, untyped. */
  readonly value?: number;
  readonly histogram?: Histogram;
}

export interface Histogram {
  readonly count: number;
  readonly sum: number;
  /** Cumulative, by rising upper bound; the last may be Infinity. */
  readonly buckets: readonly { readonly upperBound: number; readonly count: number }[];
}
