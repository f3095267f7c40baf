import { afterAll, describe, expect, test } from "bun:test";
import { createSharedMemory, PAGE_BYTES, type SharedMemory } from "#net/shared-memory.ts";
import { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { type PairLabels, unknownWorkload } from "../telemetry/series.ts";
import { SERIES_REGION_BYTES } from "./series-region.ts";
import { SharedSeries } from "./shared-series.ts";

const pair: PairLabels = {
  reporter: "source",
  source: unknownWorkload,
  destination: unknownWorkload,
  destinationService: "payments",
  destinationServiceName: "payments",
  destinationServiceNamespace: "shop",
  connectionSecurityPolicy: "unknown",
};
const pairOf = (service: string): PairLabels => ({ ...pair, destinationService: service });

const memories: SharedMemory[] = [];
afterAll(() => {
  for (const memory of memories) memory.close();
});

/** The registries of two workers, and what starts another in a worker's place. */
function twoWorkers() {
  const memory = createSharedMemory("weft-test", PAGE_BYTES + 2 * SERIES_REGION_BYTES);
  memories.push(memory);
  let wallMs = 1_000;
  const start = (worker: number) => {
    const place = { fd: memory.fd, offset: PAGE_BYTES, worker, workers: 2 };
    const series = new SharedSeries({ ...place, wallMs: wallMs++ });
    return { series, registry: new MetricsRegistry(2_000, series) };
  };
  return { first: start(0), second: start(1), start };
}

/** By service and status, as the first of the workers tells. */
function requestsIn(registry: MetricsRegistry): Readonly<Record<string, number>> {
  const [family] = registry.families();
  return Object.fromEntries(
    (family?.metrics ?? []).map((metric) => {
      const labels = Object.fromEntries(metric.labels);
      const name = `${labels.destination_service} ${labels.response_code}`;
      return [name, metric.kind === "value" ? metric.value : Number.NaN];
    }),
  );
}

function record(registry: MetricsRegistry, service: string, status = 200, times = 1): void {
  const series = registry.requests(pairOf(service));
  for (let n = 0; n < times; n++) series.record(status, "-", "http", "", 7, 10, 2_000);
}

describe("what several workers count", () => {
  test("adds up, by what was counted", () => {
    const { first, second } = twoWorkers();
    record(first.registry, "payments", 200, 3);
    record(second.registry, "payments", 200, 4);
    record(second.registry, "payments", 503);
    record(second.registry, "cart");
    expect(requestsIn(first.registry)).toEqual({
      "payments 200": 7,
      "payments 503": 1,
      "cart 200": 1,
    });
    const duration = first.registry.families()[1]?.metrics[0];
    expect(duration).toMatchObject({ kind: "histogram", sum: 49 });
    expect(duration?.kind === "histogram" ? duration.cumulative.at(-1) : 0).toBe(7);
  });

  test("is gone on with by the successor of one that died, and never becomes less", () => {
    const { first, second, start } = twoWorkers();
    record(first.registry, "payments", 200, 3);
    record(second.registry, "payments", 200, 4);
    const again = start(1);
    expect(requestsIn(first.registry)).toEqual({ "payments 200": 7 });
    record(again.registry, "payments", 200, 5);
    record(again.registry, "payments", 404);
    expect(requestsIn(first.registry)).toEqual({ "payments 200": 12, "payments 404": 1 });
    const leader = start(0);
    record(leader.registry, "payments");
    expect(requestsIn(leader.registry)).toEqual({ "payments 200": 13, "payments 404": 1 });
    expect(leader.series.counts().map(({ starts }) => starts)).toEqual([2, 2]);
    expect(leader.series.beganAtMs).toBe(1_000);
  });

  test("includes connections that are not HTTP", () => {
    const { first, second } = twoWorkers();
    for (const { registry } of [first, second]) {
      const series = registry.tcp(pair);
      series.opened++;
      series.sentBytes += 1_000;
    }
    const families = first.registry.families();
    const sent = families.find(({ name }) => name === "istio_tcp_sent_bytes_total");
    expect(sent?.metrics).toMatchObject([{ value: 2_000 }]);
  });

  test("of more kinds than there is room for is counted as other, and nothing is lost", () => {
    const { first, second } = twoWorkers();
    const services = 6_000;
    for (let n = 0; n < services; n++)
      record(second.registry, `service-${n % 1_500}`, 200 + Math.floor(n / 1_500));
    const requests = requestsIn(first.registry);
    expect(Object.values(requests).reduce((all, count) => all + count, 0)).toBe(services);
    expect(requests["service-0 200"]).toBe(1);
    expect(requests["other other"]).toBeGreaterThan(1_000);
    expect(Object.keys(requests).length).toBeGreaterThan(2_000);
  });
});
