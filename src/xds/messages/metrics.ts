import type { Metric, MetricFamily, MetricType } from "../metrics/metric-family.ts";
import { asXdsError, XdsError } from "../xds-error.ts";
import { StreamMetricsMessage } from "./generated/envoy/service/metrics/v3/metrics_service.ts";
import {
  MetricFamily as FamilyMessage,
  Metric as MetricMessage,
  MetricType as TypeNumber,
} from "./generated/io/prometheus/client/metrics.ts";
import { fromNode, type NodeClaims, toNode } from "./node.ts";

/** One message of a metrics stream; `node` is in the first. */
export interface MetricsMessage {
  readonly node?: NodeClaims;
  readonly families: readonly MetricFamily[];
}

const TYPES: readonly (readonly [MetricType, TypeNumber])[] = [
  ["counter", TypeNumber.COUNTER],
  ["gauge", TypeNumber.GAUGE],
  ["histogram", TypeNumber.HISTOGRAM],
  ["untyped", TypeNumber.UNTYPED],
];

export function encodeMetricsMessage({ node, families }: MetricsMessage): Uint8Array {
  const message = StreamMetricsMessage.create();
  if (node) message.identifier = { node: toNode(node) };
  message.envoyMetrics = families.map(toFamily);
  return StreamMetricsMessage.encode(message).finish();
}

/** Throws XdsError `malformed` for bytes that are no such message. Summaries, which nobody here makes, are left out. */
export function decodeMetricsMessage(bytes: Uint8Array): MetricsMessage {
  try {
    const message = StreamMetricsMessage.decode(bytes);
    const node = message.identifier?.node;
    return {
      ...(node === undefined ? {} : { node: fromNode(node) }),
      families: message.envoyMetrics.flatMap(fromFamily),
    };
  } catch (cause) {
    if (cause instanceof XdsError) throw cause;
    const reason = asXdsError(cause).message;
    throw new XdsError("malformed", `a metrics message that cannot be read: ${reason}`, cause);
  }
}

function toFamily({ name, help, type, metrics }: MetricFamily): FamilyMessage {
  return FamilyMessage.fromPartial({
    name,
    help,
    type: TYPES.find(([each]) => each === type)?.[1] ?? TypeNumber.UNTYPED,
    metric: metrics.map((metric) => toMetric(type, metric)),
  });
}

function toMetric(type: MetricType, metric: Metric): MetricMessage {
  const { labels, timestampMs, histogram, value = 0 } = metric;
  const message = MetricMessage.create();
  message.label = Object.entries(labels).map(([name, text]) => ({ name, value: text }));
  if (timestampMs !== undefined) message.timestampMs = timestampMs;
  if (type === "counter") message.counter = { value };
  else if (type === "gauge") message.gauge = { value };
  else if (type === "untyped") message.untyped = { value };
  else if (histogram)
    message.histogram = {
      sampleCount: histogram.count,
      sampleSum: histogram.sum,
      bucket: histogram.buckets.map(({ upperBound, count }) => ({
        upperBound,
        cumulativeCount: count,
      })),
    };
  return message;
}

function fromFamily(message: FamilyMessage): readonly MetricFamily[] {
  const type = TYPES.find(([, number]) => number === (message.type ?? TypeNumber.COUNTER))?.[0];
  if (type === undefined) return [];
  const { name = "", help = "" } = message;
  return [{ name, help, type, metrics: message.metric.map(fromMetric) }];
}

function fromMetric(message: MetricMessage): Metric {
  const value = (message.counter ?? message.gauge ?? message.untyped)?.value;
  const { histogram, timestampMs } = message;
  return {
    labels: Object.fromEntries(
      message.label.map(({ name = "", value: text = "" }) => [name, text]),
    ),
    ...(timestampMs ? { timestampMs } : {}),
    ...(value === undefined ? {} : { value }),
    ...(histogram === undefined
      ? {}
      : {
          histogram: {
            count: histogram.sampleCount ?? 0,
            sum: histogram.sampleSum ?? 0,
            buckets: histogram.bucket.map((bucket) => ({
              upperBound: bucket.upperBound ?? 0,
              count: bucket.cumulativeCount ?? 0,
            })),
          },
        }),
  };
}
