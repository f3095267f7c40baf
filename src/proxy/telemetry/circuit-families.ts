import { COUNTED, type Counted, type UsageCounts } from "../resilience/usage-counts.ts";
import type { MetricFamily } from "./metric-family.ts";

interface Limited {
  readonly config: { readonly name: string };
  readonly usage: { readonly counts: Pick<UsageCounts, "refused"> };
}

const FAMILIES: readonly (readonly [name: string, help: string, of: readonly Counted[]])[] = [
  [
    "envoy_cluster_upstream_cx_overflow",
    "Connections that were not made, since as many as the destination's limit allows were there.",
    [COUNTED.connections],
  ],
  [
    "envoy_cluster_upstream_rq_pending_overflow",
    "Requests that were refused (503, flag UO) by the destination's limits of requests waiting and under way.",
    [COUNTED.pending, COUNTED.requests],
  ],
  [
    "envoy_cluster_upstream_rq_retry_overflow",
    "Retries that were not made by the destination's limit or budget of retries.",
    [COUNTED.retries],
  ],
];

/** What the limits of destinations have refused, by Envoy's names; only where there was anything. */
export function circuitFamilies(clusters: Iterable<Limited>): readonly MetricFamily[] {
  const all = [...clusters];
  return FAMILIES.map(([name, help, of]) => ({
    name,
    help,
    type: "counter",
    metrics: all.flatMap(({ config, usage }) => {
      const value = of.reduce<number>((sum, what) => sum + usage.counts.refused(what), 0);
      if (value === 0) return [];
      return [{ kind: "value", labels: [["cluster_name", config.name]], value }];
    }),
  }));
}
