import { describe, expect, test } from "bun:test";
import type { Cluster, Discovery } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";
import { emptySnapshot } from "#config/snapshot.ts";
import { cluster, snapshotOf, withChanges } from "../../../test/support/config-samples.ts";
import { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { unknownWorkload } from "../telemetry/series.ts";
import { ClusterSet } from "./cluster-set.ts";
import type { Dialler } from "./host.ts";
import { plainEndpoint } from "./plain-endpoint.ts";
import { ResolvedNames } from "./resolved-names.ts";

const noDialler: Dialler = {
  version: "http1",
  followsClient: false,
  to: () => ({ mayShare: false, credentials: () => undefined, dial: () => undefined }),
  tunnelTo: () => undefined,
};

/** A set of one cluster, `a`, whose resolver answers from a table. */
function clusterSet(discovery: Discovery) {
  const table = new Map<string, string[]>();
  const clock = { nowMs: 0 };
  const names = new ResolvedNames(
    async (name) => table.get(name) ?? Promise.reject(new Error(`no ${name}`)),
    () => clock.nowMs,
  );
  const set = new ClusterSet({
    nowMs: () => clock.nowMs,
    random: () => 0,
    hasPendingInput: () => false,
    metrics: new MetricsRegistry(),
    self: unknownWorkload,
    diallerFor: () => noDialler,
    names,
  });
  const base = cluster("a");
  const value: Cluster = { ...base.value, discovery };
  const addresses = () => set.get("a")?.hosts.map(({ address }) => address);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const start = () => set.apply(snapshotOf({ ...base, value }));
  return { set, table, clock, names, addresses, settle, start };
}

const hosts = [
  plainEndpoint({ host: "one.test", port: 80 }),
  plainEndpoint({ host: "two.test", port: 81 }),
];

describe("every address of a name is an endpoint", () => {
  test("once it is known, the name itself before", async () => {
    const { table, addresses, settle, start } = clusterSet({ kind: "dns", hosts, refreshMs: 1 });
    table.set("one.test", ["10.0.0.1", "10.0.0.2"]);
    start();
    expect(addresses()).toEqual(["one.test:80", "two.test:81"]);
    await settle();
    expect(addresses()).toEqual(["10.0.0.1:80", "10.0.0.2:80", "two.test:81"]);
  });

  test("as long as no answer says otherwise", async () => {
    const made = clusterSet({ kind: "dns", hosts, refreshMs: 1 });
    const { set, table, clock, addresses, settle, start } = made;
    table.set("one.test", ["10.0.0.1"]).set("two.test", ["10.0.0.2"]);
    start();
    await settle();
    const before = set.get("a")?.hosts[1];
    table.delete("one.test");
    table.set("two.test", ["10.0.0.3", "10.0.0.2"]);
    clock.nowMs = 1;
    set.sweep();
    await settle();
    expect(addresses()).toEqual(["10.0.0.1:80", "10.0.0.3:81", "10.0.0.2:81"]);
    expect(set.get("a")?.hosts[2]).toBe(before);
  });

  test("of the fourth version of IP when it has one", async () => {
    const { table, addresses, settle, start } = clusterSet({ kind: "dns", hosts, refreshMs: 1 });
    table.set("one.test", ["fd00::1", "10.0.0.1"]).set("two.test", ["fd00::2"]);
    start();
    await settle();
    expect(addresses()).toEqual(["10.0.0.1:80", "[fd00::2]:81"]);
  });
});

test("what is known of a name holds for each of its addresses", async () => {
  const facts = { weight: 3, identities: ["spiffe://a"], transports: ["istio-mtls"] as const };
  const [one, two] = hosts;
  const named = [{ ...one, ...facts }, two] as Endpoint[];
  const { set, table, settle, start } = clusterSet({ kind: "dns", hosts: named, refreshMs: 1 });
  table.set("one.test", ["10.0.0.1", "10.0.0.2"]).set("two.test", ["10.0.0.3"]);
  start();
  await settle();
  expect(set.get("a")?.hosts.map(({ weight }) => weight)).toEqual([3, 3, 1]);
  expect(set.get("a")?.hosts[1]?.endpoint).toMatchObject(facts);
});

test("a logical name stays one endpoint, and its addresses are at hand for connections", async () => {
  const made = clusterSet({ kind: "dns", hosts, refreshMs: 1, isLogical: true });
  const { table, names, addresses, settle, start } = made;
  table.set("one.test", ["10.0.0.1", "fd00::1"]);
  start();
  await settle();
  expect(addresses()).toEqual(["one.test:80", "two.test:81"]);
  expect(names.known("one.test")).toEqual(["10.0.0.1", "fd00::1"]);
});

test("names are followed no longer than their cluster exists", async () => {
  const { set, names, table, settle, start } = clusterSet({ kind: "dns", hosts, refreshMs: 1 });
  table.set("one.test", ["10.0.0.1"]);
  start();
  await settle();
  set.apply(withChanges(emptySnapshot, []));
  expect(names.known("one.test")).toBeUndefined();
});

test("a Unix socket is an endpoint like others", () => {
  const endpoints = [{ host: "", port: 0, path: "/run/app.sock" }];
  const { addresses, start } = clusterSet({ kind: "static", endpoints });
  start();
  expect(addresses()).toEqual(["unix:///run/app.sock"]);
});

describe("a cluster begins", () => {
  const endpoints = [{ host: "10.0.0.1", port: 80 }];
  const withEndpoints = (): Discovery => ({ kind: "static", endpoints });

  test("when it is asked for, with the endpoints of then", () => {
    const { set, start, addresses } = clusterSet(withEndpoints());
    start();
    expect([...set.all]).toEqual([]);
    expect(addresses()).toEqual(["10.0.0.1:80"]);
    expect([...set.all]).toEqual([...set.every()]);
    expect(set.get("b")).toBeUndefined();
  });

  test("by being listed, and follows its configuration from then on", () => {
    const { set, start, addresses } = clusterSet(withEndpoints());
    start();
    const [first] = set.every();
    const base = cluster("a");
    const discovery: Discovery = { kind: "static", endpoints: [{ host: "10.0.0.2", port: 81 }] };
    set.apply(snapshotOf({ ...base, value: { ...base.value, discovery } }));
    expect(set.get("a")).toBe(first);
    expect(addresses()).toEqual(["10.0.0.2:81"]);
    set.apply(emptySnapshot);
    expect([...set.every()]).toEqual([]);
  });

  test("with the configuration when its names have to be resolved", () => {
    const { set, start } = clusterSet({ kind: "dns", hosts, refreshMs: 1 });
    start();
    expect([...set.all]).toHaveLength(1);
  });
});
