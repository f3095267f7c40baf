import type { Workload } from "#config/workload.ts";

/** What decides how resources have to look for one Envoy, beyond the configuration itself. */
export interface EnvoyClient {
  /** Of the mesh: callers must have an identity of it. */
  readonly trustDomain: string;
  /** What it says that it stands beside. */
  readonly workload: Workload;
  /** `40` in 1.40.0; 0 when it did not say. */
  readonly minorVersion: number;
}

/** The first Envoy that counts requests by labels of its own (its stats access logger). */
export const STATS_SINCE = 39;

/** Name of the internal listener, and of the cluster that leads to it, behind which CONNECT is taken apart. */
export const INSIDE_CONNECT = "inside-connect";

/** Istio's name for the way to hosts outside the mesh. */
export const PASSTHROUGH = "PassthroughCluster";
