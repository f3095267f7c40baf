import { describe, expect, test } from "bun:test";
import { GoldenSignals } from "./golden-signals.ts";

const labels = (extra: Record<string, string> = {}) => ({
  reporter: "source",
  source_workload: "web",
  source_workload_namespace: "shop",
  destination_service_name: "payments",
  destination_service_namespace: "shop",
  destination_version: "v1",
  response_code: "200",
  response_flags: "-",
  ...extra,
});

const requests = (value: number, extra: Record<string, string> = {}) => ({
  requests: [{ labels: labels(extra), value }],
  durations: [],
  startedAtMs: 500,
});

describe("golden signals", () => {
  test("rates come from differences of pushed counters", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", requests(10), 1_000);
    signals.record("a", requests(30), 2_500);
    const [row] = signals.rows(10_000, 3_000, false);
    expect(row).toMatchObject({ service: "payments", requests: 30, requestsPerSecond: 3 });
  });

  test("a restarted proxy counts from zero again", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", requests(100), 1_000);
    signals.record("a", requests(5), 2_500);
    expect(signals.rows(10_000, 3_000, false)[0]?.requests).toBe(105);
  });

  test("a request reported by both sides counts once", () => {
    const signals = new GoldenSignals(0);
    signals.record("client", requests(4), 1_000);
    signals.record(
      "server",
      requests(4, { reporter: "destination", source_principal: "spiffe://x" }),
      1_000,
    );
    signals.record(
      "server",
      requests(1, { reporter: "destination", source_principal: "unknown" }),
      1_000,
    );
    expect(signals.rows(10_000, 1_500, false)[0]?.requests).toBe(5);
  });

  test("5xx are failures, refusals by policy are not", () => {
    const signals = new GoldenSignals(0);
    const denied = { response_code: "403", response_flags: "RBAC" };
    signals.record("a", requests(2, { response_code: "503", response_flags: "UF" }), 1_000);
    signals.record("b", requests(3, { response_code: "403" }), 1_000);
    const atServer = { ...denied, reporter: "destination", source_principal: "spiffe://x" };
    signals.record("server", requests(3, atServer), 1_000);
    expect(signals.rows(10_000, 1_500, false)[0]).toMatchObject({
      requests: 5,
      failures: 2,
      denied: 3,
    });
  });

  test("quantiles are interpolated within their bucket", () => {
    const signals = new GoldenSignals(0);
    const buckets = [
      { upperBound: 10, cumulativeCount: 50 },
      { upperBound: 20, cumulativeCount: 100 },
      { upperBound: Number.POSITIVE_INFINITY, cumulativeCount: 100 },
    ];
    signals.record(
      "a",
      { requests: [], durations: [{ labels: labels(), buckets }], startedAtMs: 500 },
      1_000,
    );
    const [row] = signals.rows(10_000, 1_500, false);
    expect(row?.p50Ms).toBe(10);
    expect(row?.p95Ms).toBe(19);
  });

  test("callers are told apart on request", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", requests(1), 1_000);
    signals.record("b", requests(1, { source_workload: "cart" }), 1_000);
    expect(signals.rows(10_000, 1_500, true).map((row) => row.source)).toEqual([
      "shop/cart",
      "shop/web",
    ]);
  });

  test("what is older than the window is not shown", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", requests(9), 1_000);
    expect(signals.rows(10_000, 20_000, false)).toEqual([]);
  });

  test("what a proxy counted before the control plane started is only a baseline", () => {
    const signals = new GoldenSignals(10_000);
    signals.record("old", requests(1_000), 11_000);
    signals.record("old", requests(1_003), 12_500);
    expect(signals.rows(10_000, 13_000, false)[0]?.requests).toBe(3);
    expect(signals.totals(13_000, false)[0]?.requests).toBe(3);
  });

  test("totals outlast the window", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", requests(9), 1_000);
    expect(signals.totals(500_000, false)[0]?.requests).toBe(9);
  });
});
