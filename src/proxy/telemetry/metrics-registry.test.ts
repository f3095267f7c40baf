import { expect, test } from "bun:test";
import { prometheusText } from "./metric-family.ts";
import { MetricsRegistry } from "./metrics-registry.ts";
import { type PairLabels, unknownWorkload } from "./series.ts";

const web = { ...unknownWorkload, workload: "web-1", namespace: "shop", app: "web" };
const v2 = { ...unknownWorkload, workload: "payments-2", namespace: "shop", version: "v2" };
const pair: PairLabels = {
  reporter: "source",
  source: web,
  destination: v2,
  destinationService: "payments.shop.svc.cluster.local",
  destinationServiceName: "payments",
  destinationServiceNamespace: "shop",
  connectionSecurityPolicy: "unknown",
};

test("requests are exposed with Istio's names, labels in Istio's order, and its buckets", () => {
  const registry = new MetricsRegistry();
  registry.requests(pair).record(200, "-", "http", "", 7, 10, 2_000);
  registry.requests(pair).record(200, "-", "http", "", 700, 10, 2_000);
  const text = prometheusText(registry.families());
  const labels =
    'reporter="source",source_workload="web-1",source_canonical_service="unknown",source_canonical_revision="unknown",source_workload_namespace="shop",source_principal="unknown",source_app="web",source_version="unknown",source_cluster="unknown",destination_workload="payments-2",destination_workload_namespace="shop",destination_principal="unknown",destination_app="unknown",destination_version="v2",destination_service="payments.shop.svc.cluster.local",destination_canonical_service="unknown",destination_canonical_revision="unknown",destination_service_name="payments",destination_service_namespace="shop",destination_cluster="unknown",request_protocol="http",response_code="200",grpc_response_status="",response_flags="-",connection_security_policy="unknown"';
  expect(text).toContain(`istio_requests_total{${labels}} 2\n`);
  expect(text).toContain(`istio_request_duration_milliseconds_bucket{${labels},le="5"} 0\n`);
  expect(text).toContain(`istio_request_duration_milliseconds_bucket{${labels},le="10"} 1\n`);
  expect(text).toContain(`istio_request_duration_milliseconds_bucket{${labels},le="+Inf"} 2\n`);
  expect(text).toContain(`istio_request_duration_milliseconds_sum{${labels}} 707\n`);
  expect(text).toContain(`istio_response_bytes_count{${labels}} 2\n`);
});

test("pairs past the bound share one series that says so, and nothing is lost", () => {
  const registry = new MetricsRegistry(2);
  for (const service of ["a", "b", "c", "d"])
    registry
      .requests({ ...pair, destinationService: service })
      .record(200, "-", "http", "", 1, 1, 1);
  const counts = registry.families()[0]?.metrics ?? [];
  expect(counts).toHaveLength(3);
  const last = counts.at(-1);
  expect(last?.kind === "value" ? last.value : undefined).toBe(2);
  expect(Object.fromEntries(last?.labels ?? []).destination_service).toBe("other");
});

test("a backend that invents statuses fills a bounded number of cells", () => {
  const registry = new MetricsRegistry();
  const series = registry.requests(pair);
  for (let status = 200; status < 600; status++) series.record(status, "-", "http", "", 1, 1, 1);
  expect(series.cells).toHaveLength(64);
  expect(series.cells.reduce((sum, { count }) => sum + count, 0)).toBe(400);
});

test("label values cannot break out of their quotes", () => {
  const registry = new MetricsRegistry();
  registry
    .requests({ ...pair, destinationService: 'a"\n\\b' })
    .record(200, "-", "http", "", 1, 1, 1);
  expect(prometheusText(registry.families())).toContain('destination_service="a\\"\\n\\\\b"');
});

test("golden signals are few: one series per service, version and answer, whoever served it", () => {
  const registry = new MetricsRegistry();
  const other = { ...pair, destination: { ...v2, workload: "payments-3" } };
  for (const series of [registry.requests(pair), registry.requests(other)])
    for (const status of [200, 404, 503]) series.record(status, "-", "http", "", 20, 1, 1);
  const [requests, durations] = registry.goldenSignals();
  const shown = requests?.metrics.map((metric) => [
    Object.fromEntries(metric.labels).response_code,
    metric.kind === "value" ? metric.value : 0,
  ]);
  expect(shown).toEqual([
    ["200", 2],
    ["404", 2],
    ["503", 2],
  ]);
  expect(durations?.metrics).toHaveLength(3);
});
