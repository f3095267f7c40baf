import type { Metric, MetricFamily } from "#xds/metrics/metric-family.ts";

/** One series of a counter as a proxy pushes it. */
export interface CounterSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series of a histogram: cumulative counts per upper bound. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets: readonly { readonly upperBound: number; readonly cumulativeCount: number }[];
}

export interface GoldenPush {
  /** `istio_requests_total` */
  readonly requests: readonly CounterSample[];
  /** `istio_request_duration_milliseconds` */
  readonly durations: readonly HistogramSample[];
  /** `istio_tcp_connections_opened_total` and `…_closed_total` */
  readonly opened: readonly CounterSample[];
  readonly closed: readonly CounterSample[];
  /** When the proxy's counters began, in Unix milliseconds (`process_start_time_seconds`). */
  readonly startedAtMs: number;
}

/** Node ids are a proxy's own words: another account's counters are not reached by them. */
export function pusherKey({ namespace, serviceAccount }: Account, nodeId: string): string {
  return `${namespace}/${serviceAccount}/${nodeId}`;
}

interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** What `stat` needs of the families that a proxy pushed; families that we do not know are left alone. */
export function goldenPush(families: readonly MetricFamily[], nowMs: number): GoldenPush {
  const of = (name: string) => families.find((family) => family.name === name)?.metrics ?? [];
  const started = of("process_start_time_seconds")[0]?.value;
  return {
    requests: of("istio_requests_total").map(counter),
    durations: of("istio_request_duration_milliseconds").flatMap(histogram),
    opened: of("istio_tcp_connections_opened_total").map(counter),
    closed: of("istio_tcp_connections_closed_total").map(counter),
    startedAtMs: started === undefined ? nowMs : started * 1_000,
  };
}

const counter = ({ labels, value = 0 }: Metric): CounterSample => ({ labels, value });

function histogram({ labels, histogram: sample }: Metric): readonly HistogramSample[] {
  if (!sample) return [];
  const buckets = sample.buckets.map(({ upperBound, count }) => ({
    upperBound,
    cumulativeCount: count,
  }));
  // Prometheus' endless last bucket may be left out on the wire: the count stands for it.
  if (Number.isFinite(buckets.at(-1)?.upperBound ?? 0))
    buckets.push({ upperBound: Number.POSITIVE_INFINITY, cumulativeCount: sample.count });
  return [{ labels, buckets }];
}
