import { COUNTED } from "./resilience/usage-counts.ts";
import type { ConnectionPool } from "./upstream/connection-pool.ts";
import type { Host } from "./upstream/host.ts";
import type { UpstreamCluster } from "./upstream/upstream-cluster.ts";

/**
 * A tunnel counts against the limits of its destination for as long as it is open, as the request that began it did; to be
 * called before that one's places are given back. `owned`: whose connection it has for itself; undefined: it is a stream of a
 * shared one. Returns how it leaves.
 */
export function countTunnel(
  cluster: UpstreamCluster,
  host: Host,
  owned: ConnectionPool | undefined,
): () => void {
  const { usage } = cluster;
  usage.counts.take(COUNTED.requests, Number.POSITIVE_INFINITY);
  if (owned !== undefined) usage.counts.take(COUNTED.connections, Number.POSITIVE_INFINITY);
  host.activeRequests++;
  return () => {
    host.activeRequests--;
    cluster.endRequest();
    if (owned !== undefined) usage.givePlace(owned);
  };
}
