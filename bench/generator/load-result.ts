import type { Metric } from "../measure/sample.ts";

/** What any generator tells of a run. */
export interface LoadResult {
  readonly requests: number;
  /** Answers that were not 200, and connections that broke. */
  readonly failures: number;
  readonly metrics: Readonly<Partial<Record<Metric, number>>>;
}
