import { describe, expect, test } from "bun:test";
import type { CircuitLimits, Cluster } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";
import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { unknownWorkload } from "../telemetry/series.ts";
import type { DialResult } from "./connection-pool.ts";
import type { Host } from "./host.ts";
import { RecordingWaiter, ScriptedConnection } from "./testing/scripted-connection.ts";
import { UpstreamCluster } from "./upstream-cluster.ts";

const config: Cluster = {
  name: "outbound|80||payments",
  discovery: { kind: "eds", name: "payments" },
  connectTimeoutMs: 1_000,
  balancer: { kind: "round-robin" },
  limits: { maxRequestsPerConnection: 0 },
  retryBudget: { percent: 20, minConcurrency: 3 },
  transport: { kind: "auto-mtls", sni: "payments", extraIdentities: [] },
  idleTimeoutMs: 60_000,
  destination: { host: "payments.shop", service: "payments", namespace: "shop", port: 80 },
  origins: {},
};

function endpoint(port: number, more: Partial<Endpoint> = {}): Endpoint {
  return {
    address: { host: "10.0.0.1", port },
    workloadPort: port,
    weight: 1,
    identities: ["spiffe://cluster.local/ns/shop/sa/payments"],
    transports: ["istio-mtls"],
    ...more,
  };
}

interface Dialled {
  readonly host: Host;
  readonly connect: () => ScriptedConnection;
  readonly refuse: () => void;
}

function cluster(limits: Partial<CircuitLimits> = {}, more: Partial<Cluster> = {}) {
  const dials: Dialled[] = [];
  const clock = { nowMs: 0 };
  const pending = new Set<ClientConnection>();
  const dialTo = (host: Host, owner: ConnectionOwner, result: DialResult): void => {
    dials.push({
      host,
      connect: () => {
        const connection = new ScriptedConnection(owner);
        result.connected(connection);
        return connection;
      },
      refuse: () => result.failed({ code: "upstream-connect-refused", message: "nobody" }),
    });
  };
  const made = new UpstreamCluster(
    { ...config, ...more, limits: { maxRequestsPerConnection: 0, ...limits } },
    {
      nowMs: () => clock.nowMs,
      random: () => 0,
      hasPendingInput: (connection) => pending.has(connection),
      metrics: new MetricsRegistry(),
      self: unknownWorkload,
      diallerFor: () => ({
        version: "http1",
        followsClient: false,
        to: (host) => ({
          mayShare: false,
          credentials: () => undefined,
          dial: (owner, result) => dialTo(host, owner, result),
        }),
        tunnelTo: () => undefined,
      }),
    },
  );
  made.setEndpoints([endpoint(1), endpoint(2)]);
  const host = (i: number): Host => {
    const found = made.hosts[i];
    if (found === undefined) throw new Error(`no host ${i}`);
    return found;
  };
  return { made, dials, clock, host, pending };
}

describe("limits of a cluster", () => {
  test("hold over all of its hosts: one connection, one waiting, the third too many", () => {
    const { host, dials } = cluster({ maxConnections: 1, maxPendingRequests: 1 });
    host(0).pool.acquire(new RecordingWaiter(), true);
    dials[0]?.connect();
    const waiter = new RecordingWaiter();
    expect(host(0).pool.acquire(waiter, true)).toBeUndefined();
    expect(dials).toHaveLength(1);
    expect(host(0).pool.acquire(new RecordingWaiter(), true)).toBe("overflow");
  });

  test("pass a free connection's place to another host whose requests wait", () => {
    const { host, dials } = cluster({ maxConnections: 1 });
    host(0).pool.acquire(new RecordingWaiter(), true);
    const connection = dials[0]?.connect();
    const waiter = new RecordingWaiter();
    host(1).pool.acquire(waiter, true);
    expect(dials).toHaveLength(1);
    connection?.free(0);
    expect(connection?.isRetired).toBe(true);
    expect(dials[1]?.host).toBe(host(1));
    dials[1]?.connect();
    expect(waiter.got).toHaveLength(1);
  });

  test("take the place of another host's idle connection when there is one", () => {
    const { host, dials } = cluster({ maxConnections: 1 });
    host(0).pool.acquire(new RecordingWaiter(), true);
    dials[0]?.connect().free(0);
    host(1).pool.acquire(new RecordingWaiter(), true);
    expect(dials[1]?.host).toBe(host(1));
  });

  test("count requests under way", () => {
    const { made } = cluster({ maxRequests: 1 });
    expect(made.startRequest()).toBe(true);
    expect(made.startRequest()).toBe(false);
    made.endRequest();
    expect(made.startRequest()).toBe(true);
  });
});

describe("endpoints that change", () => {
  test("leave hosts that stay with their connections and their load", () => {
    const { made, host, dials } = cluster();
    host(0).pool.acquire(new RecordingWaiter(), true);
    dials[0]?.connect().free(0);
    const before = host(0);
    made.setEndpoints([endpoint(3), { ...endpoint(1) }]);
    expect(made.hosts[1]).toBe(before);
    expect(before.pool.idleConnections).toBe(1);
  });

  test("say other things of a host whose connections, load and health stay", () => {
    const { made, dials, host } = cluster();
    host(0).pool.acquire(new RecordingWaiter(), true);
    dials[0]?.connect();
    const stays = host(0);
    stays.ejection.addTimes(2);
    const workload = {
      name: "payments-2",
      namespace: "shop",
      app: "payments",
      version: "v2",
      canonicalName: "payments",
      canonicalRevision: "v2",
    };
    made.setEndpoints([endpoint(1, { weight: 9, workload }), endpoint(2)]);
    expect(host(0)).toBe(stays);
    expect([stays.weight, stays.pool.connections, stays.ejection.times]).toEqual([9, 1, 2]);
    expect(stays.series.pair.destination.version).toBe("v2");
    const picked = Array.from({ length: 10 }, () => made.pick([], 0));
    expect(picked.filter((each) => each === stays).length).toBe(9);
  });

  test("close the connections of a host that is gone, and fail who waits for it", () => {
    const { made, host, dials } = cluster();
    const waiter = new RecordingWaiter();
    host(0).pool.acquire(new RecordingWaiter(), true);
    const connection = dials[0]?.connect();
    connection?.free(0);
    const gone = host(0);
    gone.pool.acquire(new RecordingWaiter(), true);
    gone.pool.acquire(waiter, true);
    made.setEndpoints([endpoint(2)]);
    expect(waiter.failures).toEqual(["no-healthy-upstream"]);
    expect(made.pick([], 0)).toBe(host(0));
  });

  test("that do not accept mutual TLS are not used where it is demanded", () => {
    const { made } = cluster({}, { transport: { kind: "mtls", sni: "x", extraIdentities: [] } });
    made.setEndpoints([endpoint(1, { transports: ["plain"] })]);
    expect(made.pick([], 0)).toBeUndefined();
    expect(made.hosts).toHaveLength(1);
  });

  test("of whom it is said who answers are used where mutual TLS is demanded", () => {
    const extraIdentities = ["spiffe://cluster.local/ns/shop/sa/outside"];
    const { made } = cluster({}, { transport: { kind: "mtls", sni: "x", extraIdentities } });
    made.setEndpoints([endpoint(1, { transports: ["plain"], identities: [] })]);
    expect(made.pick([], 0)).toBe(made.hosts[0]);
  });
});

describe("settings that change", () => {
  function withConnection() {
    const all = cluster();
    all.host(0).pool.acquire(new RecordingWaiter(), true);
    all.dials[0]?.connect().free(0);
    return { ...all, stays: all.host(0) };
  }

  test.each([
    ["how long a connection may take", { connectTimeoutMs: 2_000 }],
    ["probes", { tcpKeepalive: { probes: 3 } }],
    ["limits", { limits: { maxRequestsPerConnection: 0, maxConnections: 9 } }],
    ["balancing", { balancer: { kind: "random" } }],
  ] as const)("leave connections alone: %s", (_, changed) => {
    const { made, host, stays } = withConnection();
    made.configure({ ...made.config, ...changed });
    expect(host(0)).toBe(stays);
    expect(stays.pool.connections).toBe(1);
  });

  test.each([
    ["whom to expect", { transport: { kind: "mtls", sni: "other", extraIdentities: [] } }],
    ["what is spoken", { protocol: "http2" }],
  ] as const)("have new connections made: %s", (_, changed) => {
    const { made, host, stays } = withConnection();
    made.configure({ ...made.config, ...changed });
    expect(host(0)).not.toBe(stays);
    expect(stays.pool.connections).toBe(0);
  });
});

test.each([
  ["keeps a connection for as long as its server does", 0, 1],
  ["ends a connection that was idle for so long", 1_000, 0],
])("an idle time %s", (_, idleTimeoutMs, left) => {
  const { dials, host, clock, made } = cluster({}, { idleTimeoutMs });
  host(0).pool.acquire(new RecordingWaiter(), true);
  dials[0]?.connect().free(0);
  const before = host(0).pool.connections;
  clock.nowMs = 86_400_000;
  made.sweep();
  expect([before, host(0).pool.connections]).toEqual([1, left]);
});

test("an ejected host is not picked until its time is over", () => {
  const outlierDetection = {
    consecutive5xx: 2,
    splitExternalLocalOriginErrors: false,
    intervalMs: 100,
    baseEjectionMs: 1_000,
    maxEjectionMs: 10_000,
    maxEjectionPercent: 50,
    minHealthPercent: 0,
  };
  const { made, host, clock } = cluster({}, { outlierDetection });
  const bad = host(0);
  made.answered(bad, 503);
  made.answered(bad, 503);
  for (let i = 0; i < 10; i++) expect(made.pick([], 0)).not.toBe(bad);
  clock.nowMs = 1_100;
  made.sweep();
  expect([made.pick([], 0), made.pick([], 0)]).toContain(bad);
});
