import type { VerdictLine } from "../detection/verdicts.ts";
import { COUNTED } from "../resilience/usage-counts.ts";
import type { Host } from "../upstream/host.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";
import type { HostLoad, WorkerFacts } from "./worker-facts.ts";

/** What is known of clusters elsewhere. */
export interface Beside {
  /** What was seen to be spoken at destinations of which nobody said it. */
  readonly seen: readonly VerdictLine[];
  /** What other workers of this proxy say. */
  readonly others: readonly WorkerFacts[];
}

/** One line per fact and host, in Envoy's shape: `cluster::host::name::value`. */
export function clustersText(clusters: Iterable<UpstreamCluster>, beside: Beside): string {
  const lines: string[] = [];
  for (const cluster of clusters) {
    const { name } = cluster.config;
    const { counts } = cluster.usage;
    lines.push(`${name}::rq_active::${counts.everywhere(COUNTED.requests)}`);
    lines.push(`${name}::rq_pending_active::${counts.everywhere(COUNTED.pending)}`);
    lines.push(`${name}::cx_active::${counts.everywhere(COUNTED.connections)}`);
    const spoken = spokenAt(cluster, beside);
    if (spoken.length > 0) lines.push(`${name}::protocols_seen::${spoken.join(",")}`);
    for (const host of cluster.hosts)
      for (const [key, value] of Object.entries(
        hostFacts(host, loadsElsewhere(cluster, host, beside)),
      ))
        lines.push(`${name}::${host.address}::${key}::${value}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

export function clustersJson(clusters: Iterable<UpstreamCluster>, beside: Beside): unknown {
  return Array.from(clusters, (cluster) => ({
    name: cluster.config.name,
    activeRequests: cluster.usage.counts.everywhere(COUNTED.requests),
    activeRetries: cluster.usage.counts.everywhere(COUNTED.retries),
    pendingRequests: cluster.usage.counts.everywhere(COUNTED.pending),
    connections: cluster.usage.counts.everywhere(COUNTED.connections),
    protocolsSeen: spokenAt(cluster, beside),
    hosts: cluster.hosts.map((host) => ({
      address: host.address,
      ...hostFacts(host, loadsElsewhere(cluster, host, beside)),
    })),
  }));
}

function spokenAt({ config }: UpstreamCluster, { seen }: Beside): VerdictLine["spoken"] {
  const { name, destination } = config;
  // An inbound listener is called as its cluster without the places for subset and host.
  const key = name.startsWith("inbound|")
    ? name.replace(/\|\|$/, "")
    : destination && `${destination.host}:${destination.port}`;
  return seen.find((line) => line.destination === key)?.spoken ?? [];
}

function loadsElsewhere(
  { config }: UpstreamCluster,
  { address }: Host,
  { others }: Beside,
): readonly HostLoad[] {
  return others.flatMap(({ hosts }) => hosts[config.name]?.[address] ?? []);
}

function hostFacts(host: Host, elsewhere: readonly HostLoad[]) {
  const { endpoint, ejection, weight } = host;
  const sum = (of: keyof HostLoad) => elsewhere.reduce((all, load) => all + load[of], host[of]);
  return {
    rq_active: sum("activeRequests"),
    cx_active: sum("connections"),
    cx_idle: sum("idleConnections"),
    cx_http2: sum("sharedConnections"),
    weight,
    health_flags: ejection.isEjected ? "/failed_outlier_check" : "healthy",
    ejections: ejection.times,
    transports: endpoint.transports.join(","),
    workload: endpoint.workload?.name ?? "",
    version: endpoint.workload?.version ?? "",
  };
}
