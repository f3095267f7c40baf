import type { Cluster } from "#config/cluster.ts";
import { toCluster } from "../cluster.ts";
import type { Cluster as ClusterMessage } from "../generated/envoy/config/cluster/v3/cluster.ts";
import { adaptUpstreamTls } from "./adapt-tls.ts";
import { outsideMeshDiscovery } from "./outside-mesh.ts";

/**
 * `identities`: of all its endpoints. Envoy asks one question per cluster (is the server one of these?), where our own
 * proxies ask one per endpoint.
 */
export function toEnvoyCluster(
  cluster: Cluster,
  identities: readonly string[],
  trustDomain: string,
): ClusterMessage {
  const message = toCluster(cluster);
  // Nobody known is nobody allowed; an empty list would allow every identity of the mesh.
  const names = identities.length === 0 ? [`spiffe://${trustDomain}/nobody`] : identities;
  return {
    ...message,
    ...(cluster.discovery.kind === "passthrough" ? outsideMeshDiscovery() : {}),
    transportSocket: adaptUpstreamTls(message.transportSocket, names),
    transportSocketMatches: message.transportSocketMatches.map((match) => ({
      ...match,
      transportSocket: adaptUpstreamTls(match.transportSocket, names),
    })),
  };
}
