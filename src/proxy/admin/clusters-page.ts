import type { VerdictLine } from "../detection/verdicts.ts";
import type { Host } from "../upstream/host.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";

/** What was seen to be spoken at destinations of which nobody said it. */
export type Seen = readonly VerdictLine[];

/** One line per fact and host, in Envoy's shape: `cluster::host::name::value`. */
export function clustersText(clusters: Iterable<UpstreamCluster>, seen: Seen): string {
  const lines: string[] = [];
  for (const cluster of clusters) {
    const { name } = cluster.config;
    lines.push(`${name}::rq_active::${cluster.activeRequests}`);
    lines.push(`${name}::rq_pending_active::${cluster.usage.pending}`);
    lines.push(`${name}::cx_active::${cluster.usage.connections}`);
    const spoken = spokenAt(cluster, seen);
    if (spoken.length > 0) lines.push(`${name}::protocols_seen::${spoken.join(",")}`);
    for (const host of cluster.hosts)
      for (const [key, value] of Object.entries(hostFacts(host)))
        lines.push(`${name}::${host.address}::${key}::${value}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

export function clustersJson(clusters: Iterable<UpstreamCluster>, seen: Seen): unknown {
  return Array.from(clusters, (cluster) => ({
    name: cluster.config.name,
    activeRequests: cluster.activeRequests,
    activeRetries: cluster.activeRetries,
    pendingRequests: cluster.usage.pending,
    connections: cluster.usage.connections,
    protocolsSeen: spokenAt(cluster, seen),
    hosts: cluster.hosts.map((host) => ({ address: host.address, ...hostFacts(host) })),
  }));
}

function spokenAt({ config }: UpstreamCluster, seen: Seen): VerdictLine["spoken"] {
  const { name, destination } = config;
  // An inbound listener is called as its cluster without the places for subset and host.
  const key = name.startsWith("inbound|")
    ? name.replace(/\|\|$/, "")
    : destination && `${destination.host}:${destination.port}`;
  return seen.find((line) => line.destination === key)?.spoken ?? [];
}

function hostFacts(host: Host) {
  const { endpoint, ejection, activeRequests, weight } = host;
  return {
    rq_active: activeRequests,
    cx_active: host.connections,
    cx_idle: host.idleConnections,
    cx_http2: host.sharedConnections,
    weight,
    health_flags: ejection.isEjected ? "/failed_outlier_check" : "healthy",
    ejections: ejection.times,
    transports: endpoint.transports.join(","),
    workload: endpoint.workload?.name ?? "",
    version: endpoint.workload?.version ?? "",
  };
}
