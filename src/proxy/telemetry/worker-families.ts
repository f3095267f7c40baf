import type { MetricFamily } from "./metric-family.ts";

/** How the workers of one proxy share its work. Nothing when it is one process. */
export function workerFamilies(
  workers: readonly { readonly starts: number; readonly connections: number }[],
): readonly MetricFamily[] {
  const counter = (name: string, help: string, of: "starts" | "connections"): MetricFamily => ({
    name,
    help,
    type: "counter",
    metrics: workers.map((worker, index) => ({
      kind: "value",
      labels: [["worker", `${index + 1}`]],
      value: worker[of],
    })),
  });
  return [
    counter(
      "weft_worker_connections_total",
      "With several workers: connections that each of them has accepted.",
      "connections",
    ),
    counter(
      "weft_worker_starts_total",
      "With several workers: how often a process was started for each place.",
      "starts",
    ),
  ];
}
