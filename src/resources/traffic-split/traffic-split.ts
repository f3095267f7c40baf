import type { ObjectIdentity } from "../identity.ts";

/** SMI: requests to the root service go to the backends. A root that is not among them gets nothing. */
export interface TrafficSplit {
  readonly object: ObjectIdentity;
  /** Completed with the rule's namespace. */
  readonly service: string;
  readonly backends: readonly TrafficSplitBackend[];
}

export interface TrafficSplitBackend {
  readonly service: string;
  /** Whole number, relative to the others; the sum is above 0. */
  readonly weight: number;
}
