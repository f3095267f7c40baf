import type { Cluster } from "#config/cluster.ts";
import type { MeshConfig } from "#resources/mesh-config/mesh-config.ts";

/** Istio's name for "wherever the request says": hosts outside the mesh, when policy allows any. */
const passthroughClusterName = "PassthroughCluster";

/** Of connections to hosts that nobody has counted. */
const idleMs = 60_000;

export function passthroughCluster({ connectTimeoutMs, retryBudget }: MeshConfig): Cluster {
  const { percent, minConcurrency } = retryBudget;
  return {
    name: passthroughClusterName,
    discovery: { kind: "passthrough" },
    connectTimeoutMs,
    balancer: { kind: "least-request" },
    limits: { maxRequestsPerConnection: 0 },
    retryBudget: { percent, minConcurrency },
    transport: { kind: "plain" },
    protocol: "client",
    idleTimeoutMs: idleMs,
    origins: {},
  };
}
