import type { CellKey, PairLabels } from "./series.ts";

/** What one row of numbers counts: answers of one kind between two workloads, or connections that are not HTTP. */
export type SeriesKey =
  | { readonly kind: "requests"; readonly pair: PairLabels; readonly cell: CellKey }
  | { readonly kind: "tcp"; readonly pair: PairLabels };

export interface StoredSeries {
  readonly key: SeriesKey;
  readonly numbers: Float64Array;
}

/** Where the numbers of a proxy's series are, when several workers count. */
export interface SeriesStore {
  /** This worker's row for it, all zero when it is new. Undefined: there is no room for one more. */
  claim(key: SeriesKey, length: number): Float64Array | undefined;
  /** What this worker and its predecessors have counted. */
  own(): readonly StoredSeries[];
  /** What all workers have counted, each key once. */
  all(): readonly StoredSeries[];
}
