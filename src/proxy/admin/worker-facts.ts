import type { VerdictLine } from "../detection/verdicts.ts";
import type { MetricFamily } from "../telemetry/metric-family.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";

/** What one host has under way in one worker. */
export interface HostLoad {
  readonly activeRequests: number;
  readonly connections: number;
  readonly idleConnections: number;
  readonly sharedConnections: number;
}

/** What admin pages show that each worker of a proxy only knows of itself. */
export interface WorkerFacts {
  /** By cluster and address, where there is anything. */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, HostLoad>>>>;
  /** Connections by listener. */
  readonly listeners: Readonly<Record<string, number>>;
  readonly verdicts: readonly VerdictLine[];
  /** What it counts for itself, to be added up. */
  readonly families: readonly MetricFamily[];
}

export function hostLoads(clusters: Iterable<UpstreamCluster>): WorkerFacts["hosts"] {
  const all: Record<string, Record<string, HostLoad>> = {};
  for (const { config, hosts } of clusters)
    for (const {
      address,
      activeRequests,
      connections,
      idleConnections,
      sharedConnections,
    } of hosts)
      if (activeRequests + connections > 0) {
        all[config.name] ??= {};
        const loads = all[config.name] ?? {};
        loads[address] = { activeRequests, connections, idleConnections, sharedConnections };
      }
  return all;
}

/** One line per destination, with all that any of them has seen there. */
export function mergeVerdicts(all: readonly (readonly VerdictLine[])[]): readonly VerdictLine[] {
  const merged = new Map<string, VerdictLine>();
  for (const line of all.flat()) {
    const known = merged.get(line.destination);
    const spoken =
      known === undefined ? line.spoken : [...new Set([...known.spoken, ...line.spoken])];
    merged.set(line.destination, { destination: line.destination, spoken });
  }
  return [...merged.values()];
}
