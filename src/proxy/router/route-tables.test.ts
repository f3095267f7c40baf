import { expect, test } from "bun:test";
import type { OutboundListener } from "#config/listener.ts";
import { noHeaderEdits, type Route, type VirtualHost } from "#config/route.ts";
import {
  type ConfigResource,
  type ConfigType,
  type ConfigTypes,
  emptySnapshot,
  type Snapshot,
} from "#config/snapshot.ts";
import { RouteTables } from "./route-tables.ts";

const route: Route = {
  name: "r",
  match: { path: { kind: "prefix", value: "/" }, headers: [], query: [] },
  action: { kind: "respond", status: 200, body: "" },
  requestHeaders: noHeaderEdits,
  responseHeaders: noHeaderEdits,
};
const host = (name: string): VirtualHost => ({
  name,
  domains: [name],
  routes: [route],
  origins: {},
});
const resource = <T extends ConfigType>(
  type: T,
  name: string,
  value: ConfigTypes[T],
): [string, ConfigResource<T>] => [name, { type, name, value, version: "1" }];
const listener: OutboundListener = {
  kind: "outbound",
  name: "http-proxy",
  address: { host: "127.0.0.1", port: 1 },
  mode: "http-proxy",
  routes: "http-proxy",
  unknownHosts: "passthrough",
  http: { pathNormalization: "base", searchDomains: [] },
  origins: {},
};

function snapshot(hosts: VirtualHost[]): Snapshot {
  return {
    ...emptySnapshot,
    listener: new Map([
      resource("listener", "http-proxy", listener),
      resource("listener", "upstream|1", { ...listener, name: "upstream|1", mode: "upstream" }),
    ]),
    route: new Map([
      resource("route", "http-proxy", { name: "http-proxy", vhds: true, virtualHosts: [] }),
    ]),
    "virtual-host": new Map(
      hosts.map((one) => resource("virtual-host", `http-proxy/${one.name}`, one)),
    ),
  };
}

test("an update of one virtual host compiles that host alone", () => {
  const tables = new RouteTables();
  const [a, b] = [host("a"), host("b")];
  const before = tables.compile(snapshot([a, b])).get("http-proxy");
  const after = tables.compile(snapshot([a, { ...b }])).get("http-proxy");
  expect(after?.find("a")).toBe(before?.find("a"));
  expect(after?.find("b")).not.toBe(before?.find("b"));
});

test("tables of unchanged hosts are kept, and shared by listeners of the same routes", () => {
  const tables = new RouteTables();
  const hosts = [host("a"), host("b")];
  const before = tables.compile(snapshot(hosts));
  const after = tables.compile(snapshot(hosts));
  expect(after.get("http-proxy")).toBe(before.get("http-proxy"));
  expect(after.get("upstream|1")).toBe(after.get("http-proxy"));
});

test("a table whose hosts answer to the same domains leads to the new ones, and the one before to the old ones", () => {
  const tables = new RouteTables();
  const [a, b] = [host("a"), { ...host("b"), domains: ["b", "*.b", "b:81"] }];
  const before = tables.compile(snapshot([a, b])).get("http-proxy");
  const after = tables.compile(snapshot([a, { ...b }])).get("http-proxy");
  for (const authority of ["b", "x.b", "b:81"]) {
    expect(before?.find(authority)).toBe(before?.find("b"));
    expect(after?.find(authority)).toBe(after?.find("b"));
    expect(after?.find(authority)).not.toBe(before?.find(authority));
  }
});

test("a domain that moves from one host to another is found there", () => {
  const tables = new RouteTables();
  const [a, b] = [host("a"), host("b")];
  tables.compile(snapshot([a, b]));
  const without = { ...a, domains: ["c"] };
  const both = { ...b, domains: ["b", "a"] };
  const after = tables.compile(snapshot([without, both])).get("http-proxy");
  expect(after?.find("a")).toBe(after?.find("b"));
  expect(after?.find("c")).toBeDefined();
});
