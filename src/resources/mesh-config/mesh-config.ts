import type { RetryBudget } from "../destination-rule/destination-rule.ts";
import type { ObjectIdentity } from "../identity.ts";
import type { HttpRetries } from "../virtual-service/virtual-service.ts";

/** The one cluster-scoped object `default`, with defaults filled in. */
export interface MeshConfig {
  /** Absent: no such object is stored. */
  readonly object?: ObjectIdentity;
  /** Absent: as the CA says. Never another than the CA's. */
  readonly trustDomain?: string;
  /** What happens to hosts that no resource names. */
  readonly outboundTrafficPolicy: "allow-any" | "registry-only";
  readonly pathNormalization: "none" | "base" | "merge-slashes" | "decode-and-merge-slashes";
  readonly connectTimeoutMs: number;
  /** For routes without `retries`. Absent: the built-in safe default. */
  readonly defaultHttpRetries?: HttpRetries;
  readonly retryBudget: RetryBudget;
}

/** Istio's name and place for objects that concern the whole mesh. */
export const rootNamespace = "istio-system";

/** What holds while no MeshConfig is stored. */
export const defaultMeshConfig: MeshConfig = {
  outboundTrafficPolicy: "allow-any",
  pathNormalization: "base",
  connectTimeoutMs: 10_000,
  retryBudget: { percent: 20, minConcurrency: 3 },
};
