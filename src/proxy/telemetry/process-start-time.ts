import type { MetricFamily } from "./metric-family.ts";

/** `startedAtMs`: as people tell time. */
export function processStartTime(startedAtMs: number): MetricFamily {
  return {
    name: "process_start_time_seconds",
    help: "When this proxy began to count, in Unix seconds.",
    type: "gauge",
    metrics: [{ kind: "value", labels: [], value: startedAtMs / 1000 }],
  };
}
