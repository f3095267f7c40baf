import type { Authorization } from "#config/authorization.ts";
import type { Cluster } from "#config/cluster.ts";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import type { Endpoint } from "#config/endpoint.ts";
import type { InboundListener, OutboundListener } from "#config/listener.ts";
import { type ForwardAction, noHeaderEdits, type Route, type VirtualHost } from "#config/route.ts";
import type { ConfigResource, ConfigType, ConfigTypes } from "#config/snapshot.ts";

/** Configuration values as tests write them: plain defaults, anything can be replaced. */

export function resource<T extends ConfigType>(
  type: T,
  value: ConfigTypes[T],
  name?: string,
): ConfigResource {
  const version = Bun.hash(JSON.stringify(value)).toString(36);
  return { type, name: name ?? value.name, value, version } as unknown as ConfigResource;
}

const http = { pathNormalization: "base", searchDomains: ["shop.svc.cluster.local"] } as const;

export function httpProxyListener(more: Partial<OutboundListener> = {}): OutboundListener {
  return {
    kind: "outbound",
    name: "http-proxy",
    address: { host: "127.0.0.1", port: 0 },
    mode: "http-proxy",
    routes: "outbound",
    unknownHosts: "passthrough",
    http,
    origins: {},
    ...more,
  };
}

export function upstreamListener(name: string, authority: string): OutboundListener {
  return httpProxyListener({ name, mode: "upstream", authority });
}

export function inboundListener(
  workloadPort: number,
  mtls: InboundListener["mtls"],
  authorization: Authorization = { deny: [] },
): InboundListener {
  const name = `inbound|${workloadPort}`;
  const routes = [forwardRoute({ clusters: [target(`${name}||`)] })];
  return {
    kind: "inbound",
    name,
    address: { host: "127.0.0.1", port: 0 },
    workloadPort,
    mtls,
    authorization,
    routes: { name, vhds: false, virtualHosts: [virtualHost(["*"], routes)] },
    http: { ...http, searchDomains: [] },
    origins: {},
  };
}

export function inboundCluster(workloadPort: number): Cluster {
  return cluster(`inbound|${workloadPort}||`, {
    discovery: { kind: "static", endpoints: [{ host: "127.0.0.1", port: workloadPort }] },
    destination: {
      host: "payments.shop.svc.cluster.local",
      service: "payments",
      namespace: "shop",
      port: 80,
    },
  });
}

export function virtualHost(
  domains: readonly string[],
  routes: readonly Route[],
  connections?: ConnectionRoutes,
): VirtualHost {
  const more = connections === undefined ? {} : { connections };
  return { name: domains[0] ?? "", domains, routes, ...more, origins: {} };
}

/** Routes of connections to one cluster. */
export function bytesTo(
  cluster: string,
  content: ConnectionRoutes["content"] = "detect",
): ConnectionRoutes {
  const clusters = [{ cluster, weight: 1 }];
  return { content, addresses: [], tls: [], tcp: [{ subnets: [], clusters }] };
}

export function target(name: string, weight = 1) {
  return { cluster: name, weight, requestHeaders: noHeaderEdits, responseHeaders: noHeaderEdits };
}

export function forwardRoute(
  action: Omit<ForwardAction, "kind">,
  more: Partial<Route> = {},
): Route {
  return {
    name: "default",
    match: { path: { kind: "prefix", value: "/" }, headers: [], query: [] },
    action: { kind: "forward", ...action },
    requestHeaders: noHeaderEdits,
    responseHeaders: noHeaderEdits,
    ...more,
  };
}

export function cluster(name: string, more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    discovery: { kind: "eds", name },
    connectTimeoutMs: 1_000,
    balancer: { kind: "round-robin" },
    limits: { maxRequestsPerConnection: 0 },
    retryBudget: { percent: 20, minConcurrency: 3 },
    transport: { kind: "plain" },
    idleTimeoutMs: 60_000,
    destination: {
      host: `${name}.shop.svc.cluster.local`,
      service: name,
      namespace: "shop",
      port: 80,
    },
    origins: {},
    ...more,
  };
}

export function endpoint(port: number, more: Partial<Endpoint> = {}): Endpoint {
  return {
    address: { host: "127.0.0.1", port },
    workloadPort: port,
    weight: 1,
    identities: [],
    transports: ["plain"],
    ...more,
  };
}

/** Host `name` (port 80) with its routes, its cluster and its endpoints. */
export function destination(
  name: string,
  endpoints: readonly Endpoint[],
  more: {
    readonly cluster?: Partial<Cluster>;
    readonly routes?: readonly Route[];
    readonly connections?: ConnectionRoutes;
  } = {},
): { readonly host: VirtualHost; readonly resources: readonly ConfigResource[] } {
  const domains = [`${name}.shop.svc.cluster.local`];
  const routes = more.routes ?? [forwardRoute({ clusters: [target(name)] })];
  return {
    host: virtualHost(domains, routes, more.connections),
    resources: [
      resource("cluster", cluster(name, more.cluster)),
      resource("endpoints", { name, endpoints }),
    ],
  };
}

/** All that a proxy with one HTTP proxy listener runs. */
export function outboundResources(
  destinations: readonly ReturnType<typeof destination>[],
  listener: OutboundListener = httpProxyListener(),
): readonly ConfigResource[] {
  const virtualHosts = destinations.map(({ host }) => host);
  return [
    resource("listener", listener),
    resource("route", { name: "outbound", vhds: false, virtualHosts }),
    ...destinations.flatMap(({ resources }) => resources),
  ];
}
