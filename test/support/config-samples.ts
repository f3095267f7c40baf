// Small, valid configuration for tests that need some and do not care what it says.
import type { Cluster } from "#config/cluster.ts";
import type { ConfigResource, ConfigType, ConfigTypes, Snapshot } from "#config/snapshot.ts";
import { emptySnapshot } from "#config/snapshot.ts";

const noEdits = { set: [], add: [], remove: [] };

export function resource<T extends ConfigType>(
  type: T,
  name: string,
  value: ConfigTypes[T],
  version = "1",
): ConfigResource<T> {
  return { type, name, version, value };
}

export function cluster(name: string, version = "1"): ConfigResource<"cluster"> {
  const value: Cluster = {
    name,
    discovery: { kind: "eds", name },
    connectTimeoutMs: 1_000,
    balancer: { kind: "least-request" },
    limits: { maxRequestsPerConnection: 0 },
    retryBudget: { percent: 20, minConcurrency: 3 },
    transport: { kind: "plain" },
    idleTimeoutMs: 60_000,
    origins: {},
  };
  return resource("cluster", name, value, version);
}

export function endpoints(name: string, version = "1", port = 8080): ConfigResource<"endpoints"> {
  const endpoint = {
    address: { host: "127.0.0.1", port },
    workloadPort: port,
    weight: 1,
    identities: [],
    transports: ["plain" as const],
  };
  return resource("endpoints", name, { name, endpoints: [endpoint] }, version);
}

/** `name` is `<route configuration>/<host>`; every request goes to `to`. */
export function virtualHost(
  name: string,
  to: string,
  version = "1",
): ConfigResource<"virtual-host"> {
  const own = name.slice(name.indexOf("/") + 1);
  return resource(
    "virtual-host",
    name,
    {
      name: own,
      domains: [own],
      routes: [
        {
          name: "default",
          match: { path: { kind: "prefix", value: "/" }, headers: [], query: [] },
          action: {
            kind: "forward",
            clusters: [
              { cluster: to, weight: 100, requestHeaders: noEdits, responseHeaders: noEdits },
            ],
          },
          requestHeaders: noEdits,
          responseHeaders: noEdits,
        },
      ],
      origins: {},
    },
    version,
  );
}

export function routes(name: string, version = "1", vhds = true): ConfigResource<"route"> {
  return resource("route", name, { name, vhds, virtualHosts: [] }, version);
}

export function listener(name: string, version = "1", port = 15_080): ConfigResource<"listener"> {
  return resource(
    "listener",
    name,
    {
      kind: "outbound",
      name,
      address: { host: "127.0.0.1", port },
      mode: "http-proxy",
      routes: "http-proxy",
      unknownHosts: "refuse",
      http: { pathNormalization: "base", searchDomains: [] },
      origins: {},
    },
    version,
  );
}

export function secret(version = "1"): ConfigResource<"secret"> {
  const root = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  return resource(
    "secret",
    "ROOTCA",
    { name: "ROOTCA", kind: "trust-bundle", roots: [root] },
    version,
  );
}

/** A snapshot of just these. */
export function snapshotOf(...resources: readonly ConfigResource[]): Snapshot {
  return withChanges(emptySnapshot, resources);
}

/** Another snapshot with some resources added or replaced, and some (`type name`) gone. Other maps stay the same. */
export function withChanges(
  before: Snapshot,
  upserts: readonly ConfigResource[],
  removed: readonly (readonly [ConfigType, string])[] = [],
): Snapshot {
  const after: Record<string, Map<string, ConfigResource>> = {};
  const mapOf = (type: ConfigType) => {
    after[type] ??= new Map<string, ConfigResource>(before[type]);
    return after[type];
  };
  for (const each of upserts) mapOf(each.type).set(each.name, each);
  for (const [type, name] of removed) mapOf(type).delete(name);
  return { ...before, ...after } as Snapshot;
}
