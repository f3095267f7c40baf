import type { PeerIdentity } from "../server/peer-identity.ts";
import type { MetricFamily } from "./metric-family.ts";

/** Metric families that one proxy has pushed. */
export interface MetricsReport {
  /** Proven by the certificate. */
  readonly peer: PeerIdentity;
  /** As the proxy calls itself, as on its configuration stream. */
  readonly nodeId: string;
  readonly families: readonly MetricFamily[];
}

/** Must not throw. */
export type ReceiveMetrics = (report: MetricsReport) => void;
