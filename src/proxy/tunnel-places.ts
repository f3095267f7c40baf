import { COUNTED } from "./resilience/usage-counts.ts";
import type { Host } from "./upstream/host.ts";
import type { UpstreamCluster } from "./upstream/upstream-cluster.ts";

/**
 * A tunnel counts against the limits of its destination for as long as it is open, as the request that began it did; to be
 * called before that one's places are given back. `ownsConnection`: it is no stream of a shared one. Returns how it leaves.
 */
export function countTunnel(
  cluster: UpstreamCluster,
  host: Host,
  ownsConnection: boolean,
): () => void {
  const { usage } = cluster;
  usage.counts.take(COUNTED.requests, Number.POSITIVE_INFINITY);
  if (ownsConnection) usage.counts.take(COUNTED.connections, Number.POSITIVE_INFINITY);
  host.activeRequests++;
  return () => {
    host.activeRequests--;
    cluster.endRequest();
    if (ownsConnection) usage.givePlace(host.tunnelPool);
  };
}
