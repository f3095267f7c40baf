import type { Ejection } from "./ejection.ts";
import type { UsageCounts } from "./usage-counts.ts";

/** What the workers of one proxy keep together of one cluster. Disposed when its configuration is gone. */
export interface SharedCluster extends Disposable {
  readonly counts: UsageCounts;
  /** What all remember of one endpoint, by a key that is the same in all. The same object each time. */
  ejection(key: string): Ejection;
  /** The endpoint has left the cluster. */
  forget(key: string): void;
  /** Changes whenever a worker ejects an endpoint or brings one back. */
  readonly ejectionVersion: number;
  /** To be called after an ejection, so that the others see it. */
  ejectionsChanged(): void;
  /** True for one worker per interval. */
  claimSweep(intervalMs: number): boolean;
}

/** Undefined: there is no room left to share this one, and each worker counts for itself. */
export type ShareCluster = (name: string) => SharedCluster | undefined;
