// Envoy's own counters of requests (`messages/envoy/access-log.ts` has their labels) as Istio's metrics: Envoy counts by the
// little that differs from request to request, and who both sides are is put in here.
import type { Workload } from "#config/workload.ts";
import type { Labels, Metric, MetricFamily } from "../telemetry/metric-family.ts";
import {
  type PairLabels,
  pairLabelList,
  unknownWorkload,
  type WorkloadLabels,
} from "../telemetry/series.ts";
import { type PrometheusSample, readPrometheusLines } from "./prometheus-lines.ts";

export interface GoldenFacts {
  readonly self: WorkloadLabels;
  readonly workload: Workload;
}

const PREFIX = "envoy_weft_";

/** `istio_requests_total` and `istio_request_duration_milliseconds`, from the text of Envoy's `/stats/prometheus`. */
export function goldenSignals(text: string, facts: GoldenFacts): readonly MetricFamily[] {
  const samples = readPrometheusLines(text).filter(({ name }) => name.startsWith(PREFIX));
  return [
    {
      name: "istio_requests_total",
      help: "Requests that were answered.",
      type: "counter",
      metrics: samples
        .filter(({ name }) => name.endsWith("_requests"))
        .map((sample) => ({ kind: "value", labels: labelsOf(sample, facts), value: sample.value })),
    },
    {
      name: "istio_request_duration_milliseconds",
      help: "From first byte in to last byte out.",
      type: "histogram",
      metrics: histograms(samples, facts),
    },
  ];
}

/** What is left of Envoy's text when its own counters of requests are taken out. */
export function withoutOwnCounters(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.startsWith(PREFIX) && !line.startsWith(`# TYPE ${PREFIX}`))
    .join("\n");
}

interface Histogram {
  readonly first: PrometheusSample;
  readonly bounds: number[];
  readonly cumulative: number[];
  sum: number;
}

function histograms(samples: readonly PrometheusSample[], facts: GoldenFacts): readonly Metric[] {
  const found = new Map<string, Histogram>();
  for (const sample of samples) {
    const [, side, part] = /^envoy_weft_(\w+)_duration_(bucket|sum)$/.exec(sample.name) ?? [];
    if (part === undefined) continue;
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify([side, labels]);
    const known = found.get(key);
    const one = known ?? { first: { ...sample, labels }, bounds: [], cumulative: [], sum: 0 };
    if (known === undefined) found.set(key, one);
    if (part === "sum") one.sum = sample.value;
    else one.cumulative.push(sample.value);
    if (part === "bucket" && le !== "+Inf") one.bounds.push(Number(le));
  }
  return Array.from(found.values(), ({ first, bounds, cumulative, sum }) => ({
    kind: "histogram",
    labels: labelsOf(first, facts),
    bounds,
    cumulative,
    sum,
  }));
}

function labelsOf({ name, labels }: PrometheusSample, facts: GoldenFacts): Labels {
  const isInbound = name.startsWith(`${PREFIX}inbound_`);
  const pair = isInbound ? inboundPair(labels, facts) : outboundPair(labels, facts);
  const isDenied = labels.weft_details?.startsWith("rbac_") === true;
  const isGrpc = labels.weft_grpc !== undefined && labels.weft_grpc !== "-";
  return [
    ...pairLabelList(pair, isGrpc ? "grpc" : "http"),
    ["response_code", labels.weft_code ?? "0"],
    ["grpc_response_status", isGrpc ? (labels.weft_grpc ?? "") : ""],
    ["response_flags", isDenied ? "UAEX" : (labels.weft_flags ?? "-")],
    ["connection_security_policy", pair.connectionSecurityPolicy],
  ];
}

type Words = PrometheusSample["labels"];

function outboundPair(labels: Words, { self }: GoldenFacts): PairLabels {
  const cluster = labels.weft_cluster ?? "-";
  const [, port, , host] = /^outbound\|(\d+)\|(.*?)\|(.+)$/.exec(cluster) ?? [];
  const [service = cluster, namespace = "unknown"] = host?.split(".") ?? [];
  return {
    reporter: "source",
    source: self,
    destination: workloadOf(labels.weft_workload),
    destinationService: port === undefined ? cluster : (host ?? cluster),
    destinationServiceName: service,
    destinationServiceNamespace: namespace,
    connectionSecurityPolicy: "unknown",
  };
}

/** `name;namespace;canonical name;canonical revision;`, as endpoints carry it for Istio's telemetry. */
function workloadOf(text = "-"): WorkloadLabels {
  const [workload = "", namespace = "", app = "", revision = ""] = text.split(";");
  if (namespace === "") return unknownWorkload;
  return {
    ...unknownWorkload,
    workload,
    namespace,
    app,
    version: revision === "latest" ? "unknown" : revision,
    canonicalService: app,
    canonicalRevision: revision,
  };
}

function inboundPair(labels: Words, { self, workload }: GoldenFacts): PairLabels {
  const peer = labels.weft_peer ?? "-";
  const [, namespace] = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\//.exec(peer) ?? [];
  const { app, namespace: own } = workload;
  return {
    reporter: "destination",
    source:
      namespace === undefined
        ? unknownWorkload
        : { ...unknownWorkload, namespace, principal: peer },
    destination: self,
    destinationService: `${app}.${own}.svc.cluster.local`,
    destinationServiceName: app,
    destinationServiceNamespace: own,
    connectionSecurityPolicy: namespace === undefined ? "none" : "mutual_tls",
  };
}
