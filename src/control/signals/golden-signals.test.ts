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

const noConnections = { opened: [], closed: [] };

const requests = (value: number, extra: Record<string, string> = {}) => ({
  requests: [{ labels: labels(extra), value }],
  durations: [],
  ...noConnections,
  startedAtMs: 500,
});

describe("golden signals", () => {
  test("rates come from differences of pushed counters", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "shop", requests(10), 1_000);
    signals.record("a", "shop", requests(30), 2_500);
    const [row] = signals.rows(10_000, 3_000, false);
    expect(row).toMatchObject({ service: "payments", requests: 30, requestsPerSecond: 3 });
  });

  test("a restarted proxy counts from zero again", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "shop", requests(100), 1_000);
    signals.record("a", "shop", requests(5), 2_500);
    expect(signals.rows(10_000, 3_000, false)[0]?.requests).toBe(105);
  });

  test("a request reported by both sides counts once", () => {
    const signals = new GoldenSignals(0);
    signals.record("client", "shop", requests(4), 1_000);
    signals.record(
      "server",
      "shop",
      requests(4, { reporter: "destination", source_principal: "spiffe://x" }),
      1_000,
    );
    signals.record(
      "server",
      "shop",
      requests(1, { reporter: "destination", source_principal: "unknown" }),
      1_000,
    );
    expect(signals.rows(10_000, 1_500, false)[0]?.requests).toBe(5);
  });

  test("what the status of gRPC says counts where HTTP's says 200", () => {
    const signals = new GoldenSignals(0);
    const grpc = (status: string, flags = "-") => ({
      grpc_response_status: status,
      response_flags: flags,
    });
    signals.record("a", "shop", requests(3, grpc("0")), 1_000);
    signals.record("b", "shop", requests(2, grpc("14")), 1_000); // UNAVAILABLE
    signals.record("c", "shop", requests(1, grpc("5")), 1_000); // NOT_FOUND
    signals.record("d", "shop", requests(4, grpc("7")), 1_000); // PERMISSION_DENIED
    const refused = { ...grpc("7", "UAEX"), reporter: "destination", source_principal: "a/b" };
    signals.record("server", "shop", requests(4, refused), 1_000);
    expect(signals.rows(10_000, 1_500, false)[0]).toMatchObject({
      requests: 10,
      failures: 2,
      denied: 4,
    });
  });

  test("5xx are failures, refusals by policy are not", () => {
    const signals = new GoldenSignals(0);
    const denied = { response_code: "403", response_flags: "RBAC" };
    signals.record("a", "shop", requests(2, { response_code: "503", response_flags: "UF" }), 1_000);
    signals.record("b", "shop", requests(3, { response_code: "403" }), 1_000);
    const atServer = { ...denied, reporter: "destination", source_principal: "spiffe://x" };
    signals.record("server", "shop", requests(3, atServer), 1_000);
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
      "shop",
      {
        requests: [],
        durations: [{ labels: labels(), buckets }],
        ...noConnections,
        startedAtMs: 500,
      },
      1_000,
    );
    const [row] = signals.rows(10_000, 1_500, false);
    expect(row?.p50Ms).toBe(10);
    expect(row?.p95Ms).toBe(19);
  });

  test("callers are told apart on request", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "shop", requests(1), 1_000);
    signals.record("b", "shop", requests(1, { source_workload: "cart" }), 1_000);
    expect(signals.rows(10_000, 1_500, true).map((row) => row.source)).toEqual([
      "shop/cart",
      "shop/web",
    ]);
  });

  test("what is older than the window is not shown", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "shop", requests(9), 1_000);
    expect(signals.rows(10_000, 20_000, false)).toEqual([]);
  });

  test("what a proxy counted before the control plane started is only a baseline", () => {
    const signals = new GoldenSignals(10_000);
    signals.record("old", "shop", requests(1_000), 11_000);
    signals.record("old", "shop", requests(1_003), 12_500);
    expect(signals.rows(10_000, 13_000, false)[0]?.requests).toBe(3);
    expect(signals.totals(13_000, false)[0]?.requests).toBe(3);
  });

  test("totals outlast the window", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "shop", requests(9), 1_000);
    expect(signals.totals(500_000, false)[0]?.requests).toBe(9);
  });

  test("a proxy is believed about its own side only", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "guests", requests(2, { source_workload_namespace: "shop" }), 1_000);
    const asServer = { reporter: "destination", source_principal: "unknown" };
    signals.record("a", "guests", requests(9, asServer), 1_000);
    expect(signals.rows(10_000, 1_500, true)).toMatchObject([
      { source: "guests/web", requests: 2 },
    ]);
  });

  test("a flood of labels ends in one row, and what was known goes on", () => {
    const signals = new GoldenSignals(0);
    const flood = Array.from({ length: 20_000 }, (_, i) => ({
      labels: labels({ destination_service_name: `made-up-${i}-${"x".repeat(500)}` }),
      value: 1,
    }));
    for (const proxy of ["a", "b"]) {
      const push = { requests: flood, durations: [], ...noConnections, startedAtMs: 500 };
      signals.record(proxy, "shop", push, 1_000);
      signals.record(proxy, "shop", push, 1_100);
    }
    const rows = signals.rows(10_000, 1_500, false);
    expect(rows).toHaveLength(2_001);
    expect(rows.find(({ service }) => service === "others")?.requests).toBe(2 * (10_000 - 2_000));
    expect(Math.max(...rows.map(({ service }) => service.length))).toBe(253);
    signals.record("c", "shop", requests(7, { destination_service_name: "made-up-1" }), 1_200);
    expect(signals.totals(1_500, false).length).toBe(2_001);
  });

  test("numbers that are none count nothing", () => {
    const signals = new GoldenSignals(0);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -5])
      signals.record("a", "shop", requests(value), 1_000);
    expect(signals.rows(10_000, 1_500, false)).toEqual([]);
  });

  const connections = (opened: number, closed: number, extra: Record<string, string> = {}) => ({
    ...{ requests: [], durations: [], startedAtMs: 500 },
    opened: [{ labels: labels(extra), value: opened }],
    closed: [{ labels: labels(extra), value: closed }],
  });

  test("connections that are open now are those opened and not closed, of all proxies", () => {
    const signals = new GoldenSignals(0);
    signals.record("a", "shop", connections(5, 3), 1_000);
    signals.record("b", "shop", connections(1, 0), 1_000);
    const open = () =>
      signals
        .rows(10_000, 100_000, false)
        .map(({ service, tcpConnections }) => [service, tcpConnections]);
    expect(open()).toEqual([["payments", 3]]);
    signals.record("a", "shop", connections(5, 5), 60_000);
    expect(open()).toEqual([["payments", 1]]);
    signals.forget("b");
    expect(open()).toEqual([]);
  });

  test("connections reported by both sides count once, and short ones leave a row", () => {
    const signals = new GoldenSignals(0);
    const atServer = { reporter: "destination", source_principal: "spiffe://x" };
    signals.record("client", "shop", connections(2, 2), 1_000);
    signals.record("server", "shop", connections(2, 1, atServer), 1_000);
    expect(signals.rows(10_000, 1_500, false)).toMatchObject([
      { service: "payments", requests: 0, tcpConnections: 0 },
    ]);
  });

  test("a proxy that was there before the control plane has its connections at once", () => {
    const signals = new GoldenSignals(10_000);
    signals.record("old", "shop", connections(7, 3), 11_000);
    expect(signals.rows(10_000, 11_500, false)[0]?.tcpConnections).toBe(4);
  });
});
