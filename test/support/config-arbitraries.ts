// Random configuration values of every type, as the compiler may write them: valid, but never tidy.
import fc from "fast-check";
import type { Authorization, Condition, Policy } from "#config/authorization.ts";
import type { Cluster, Discovery, Http2Settings, UpstreamTransport } from "#config/cluster.ts";
import type {
  ConnectionRoutes,
  ConnectionTarget,
  TcpRoute,
  TlsRoute,
} from "#config/connection-routes.ts";
import type { Endpoint, EndpointSet } from "#config/endpoint.ts";
import type { HttpSettings, Listener } from "#config/listener.ts";
import type { Origin } from "#config/origin.ts";
import type {
  HeaderEdits,
  Origins,
  Route,
  RouteAction,
  RouteConfiguration,
  VirtualHost,
} from "#config/route.ts";
import type { Secret } from "#config/secret.ts";
import { type ConfigResource, type ConfigType, configTypes } from "#config/snapshot.ts";
import type { SocketAddress } from "#config/socket-address.ts";
import type { HeaderMatch, QueryMatch, StringMatch } from "#config/string-match.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("%", "%%", "%START_TIME%", "a/b|c[0]", "\\1", "$", "é", "", "constructor"),
);
const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const count = fc.integer({ min: 1, max: 1_000_000 });
const ms = fc.integer({ min: 1, max: 86_400_000 });
const percent = fc.integer({ min: 0, max: 100 });
const flag = fc.boolean();

/** A record whose `optional` keys are absent rather than undefined. */
function value<T>(fields: object, optional: object = {}): fc.Arbitrary<T> {
  const all = { ...fields, ...optional } as Record<string, fc.Arbitrary<unknown>>;
  return fc.record(all, { requiredKeys: Object.keys(fields) }) as unknown as fc.Arbitrary<T>;
}

const list = <T>(each: fc.Arbitrary<T>, minLength = 0): fc.Arbitrary<T[]> =>
  fc.array(each, { minLength, maxLength: 3 });

const origin = value<Origin>(
  { kind: text, namespace: text, name: text, generation: fc.nat() },
  { rule: text },
);
/** A path of fields, written by the compiler; `__proto__` is the name of no field. */
const fieldPath = text.filter((path) => path !== "__proto__");
const origins: fc.Arbitrary<Origins> = fc
  .uniqueArray(fc.tuple(fieldPath, origin), { maxLength: 3, selector: ([path]) => path })
  .map((entries) => Object.fromEntries(entries));

const named = value<SocketAddress>({ host: text, port });
const address = fc.oneof(
  { arbitrary: named, weight: 4 },
  text.map((path): SocketAddress => ({ host: "", port: 0, path })),
);
const kindOf = <K extends string>(kind: K) => fc.constant(kind);

const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  value<StringMatch>(
    { kind: fc.constantFrom("exact", "prefix", "suffix", "contains"), value: text },
    { ignoreCase: fc.constant(true) },
  ),
  value<StringMatch>({ kind: kindOf("regex"), value: text }),
);
const presentOrMatch = fc.oneof(fc.constant({ kind: "present" as const }), stringMatch);
const headerMatch = value<HeaderMatch>({ name: text, match: presentOrMatch, invert: flag });
const queryMatch = value<QueryMatch>({ name: text, match: presentOrMatch });

const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant({ kind: "always" as const }),
  value<Condition>({
    kind: fc.constantFrom("principal", "namespace", "method", "host"),
    match: presentOrMatch,
  }),
  value<Condition>({
    kind: kindOf("path"),
    match: fc.oneof(presentOrMatch, value<never>({ kind: kindOf("template"), value: text })),
  }),
  value<Condition>({ kind: kindOf("header"), header: headerMatch }),
  value<Condition>({ kind: kindOf("destination-port"), port }),
  value<Condition>({
    kind: kindOf("source-ip"),
    cidr: fc.constantFrom("10.0.0.0/8", "192.168.1.1", "fd00::/8", "::1"),
  }),
);
const condition: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    value<Condition>({ kind: fc.constantFrom("all", "any"), of: list(tie("node")) }),
    value<Condition>({ kind: kindOf("not"), of: tie("node") }),
  ),
})).node;

const policyName = fc
  .tuple(word, word, fc.nat(9))
  .map(([namespace, name, rule]) => `ns[${namespace}]-policy[${name}]-rule[${rule}]`);
const authorization: fc.Arbitrary<Authorization> = fc
  .uniqueArray(value<Policy>({ name: policyName, origin, when: condition }), {
    maxLength: 5,
    selector: ({ name }) => name,
  })
  .chain((policies) =>
    fc.record({ split: fc.nat(policies.length), open: flag }).map(({ split, open }) => ({
      deny: policies.slice(0, split),
      ...(open ? {} : { allow: policies.slice(split) }),
    })),
  );

const headerPair = fc.tuple(text, text);
const edits = value<HeaderEdits>({
  set: list(headerPair),
  add: list(headerPair),
  remove: list(text),
});
const noEdits: HeaderEdits = { set: [], add: [], remove: [] };
const someEdits = fc.oneof(fc.constant(noEdits), edits);

const pathMatch = fc.oneof(
  value<Route["match"]["path"]>(
    { kind: fc.constantFrom("exact", "prefix"), value: text },
    { ignoreCase: fc.constant(true) },
  ),
  value<Route["match"]["path"]>({ kind: kindOf("regex"), value: text }),
);
const retry = value(
  {
    attempts: fc.nat(10),
    on: list(word),
    statusCodes: list(fc.integer({ min: 100, max: 599 })),
    backoffBaseMs: ms,
    backoffMaxMs: ms,
    hostSelectionAttempts: fc.nat(5),
    explicit: flag,
  },
  { perTryTimeoutMs: ms },
);
const pathRewrite = fc.oneof(
  value({ kind: fc.constantFrom("prefix", "path"), value: text }),
  value({ kind: kindOf("regex"), pattern: text, substitution: text }),
);
const rewrite = fc.oneof(
  value({ path: pathRewrite }, { authority: text }),
  value({ authority: text }, { path: pathRewrite }),
);
const weighted = value({
  cluster: text,
  weight: fc.oneof(fc.constant(100), fc.nat(10_000)),
  requestHeaders: someEdits,
  responseHeaders: someEdits,
});
const action: fc.Arbitrary<RouteAction> = fc.oneof(
  value<RouteAction>(
    { kind: kindOf("forward"), clusters: list(weighted, 1) },
    { rewrite, timeoutMs: ms, retry },
  ),
  value<RouteAction>(
    { kind: kindOf("redirect"), status: fc.constantFrom(301, 302, 303, 307, 308) },
    {
      scheme: fc.constantFrom("http", "https", "other"),
      authority: word,
      port: fc.oneof(port, fc.constantFrom("from-protocol", "from-request")),
      path: value({ kind: fc.constantFrom("path", "prefix"), value: text }),
    },
  ),
  value<RouteAction>({
    kind: kindOf("respond"),
    status: fc.integer({ min: 200, max: 599 }),
    body: text,
  }),
);
const route = value<Route>({
  name: text,
  match: value({ path: pathMatch, headers: list(headerMatch), query: list(queryMatch) }),
  action,
  requestHeaders: someEdits,
  responseHeaders: someEdits,
});
const connectionRoute = {
  subnets: list(text),
  clusters: list(value<ConnectionTarget>({ cluster: text, weight: fc.nat(10_000) }), 1),
};
const connections = value<ConnectionRoutes>({
  content: fc.constantFrom("tcp", "tls", "detect"),
  addresses: list(text),
  tls: list(value<TlsRoute>({ serverNames: list(text, 1), ...connectionRoute })),
  tcp: list(value<TcpRoute>(connectionRoute)),
});
export const virtualHosts = value<VirtualHost>(
  { name: text, domains: list(text, 1), routes: list(route), origins },
  { connections },
);
const routes = value<RouteConfiguration>({
  name: text,
  vhds: flag,
  virtualHosts: list(virtualHosts),
});

const http = value<HttpSettings>({
  pathNormalization: fc.constantFrom("none", "base", "merge-slashes", "decode-and-merge-slashes"),
  searchDomains: list(text),
});
const listeners: fc.Arbitrary<Listener> = fc.oneof(
  value<Listener>(
    {
      kind: kindOf("inbound"),
      name: text,
      address,
      workloadPort: port,
      mtls: fc.constantFrom("strict", "permissive", "disable"),
      authorization,
      routes,
      http,
      origins,
    },
    { content: fc.constantFrom("http", "tcp", "detect") },
  ),
  value<Listener>(
    {
      kind: kindOf("outbound"),
      name: text,
      address,
      mode: fc.constantFrom("http-proxy", "upstream"),
      routes: text,
      unknownHosts: fc.constantFrom("passthrough", "refuse"),
      http,
      origins,
    },
    { authority: text },
  ),
);

const endpoint = value<Endpoint>(
  {
    address,
    workloadPort: port,
    weight: count,
    identities: list(text),
    transports: list(fc.constantFrom("plain", "istio-mtls", "weft-h2", "hbone")),
  },
  {
    workload: value({
      name: text,
      namespace: text,
      app: text,
      version: text,
      canonicalName: text,
      canonicalRevision: text,
    }),
  },
);
const discovery: fc.Arbitrary<Discovery> = fc.oneof(
  value<Discovery>({ kind: kindOf("eds"), name: text }),
  value<Discovery>({ kind: kindOf("static"), endpoints: list(address) }),
  value<Discovery>(
    { kind: kindOf("dns"), hosts: list(endpoint), refreshMs: ms },
    { isLogical: fc.constant(true) },
  ),
  value<Discovery>({ kind: kindOf("passthrough") }),
);
const transport: fc.Arbitrary<UpstreamTransport> = fc.oneof(
  value<UpstreamTransport>({ kind: kindOf("plain") }),
  value<UpstreamTransport>({
    kind: fc.constantFrom("auto-mtls", "mtls"),
    sni: text,
    extraIdentities: list(text),
  }),
);
const http2 = fc.oneof(
  value<Http2Settings>({ maxConcurrentStreams: count }, { keepAlive: http2KeepAlive() }),
  value<Http2Settings>({ keepAlive: http2KeepAlive() }),
);
function http2KeepAlive() {
  return value({ timeoutMs: ms }, { intervalMs: ms, connectionIdleIntervalMs: ms });
}
const clusters = value<Cluster>(
  {
    name: text,
    discovery,
    connectTimeoutMs: ms,
    balancer: value({ kind: fc.constantFrom("least-request", "round-robin", "random") }),
    limits: value(
      { maxRequestsPerConnection: fc.nat(1_000) },
      { maxConnections: count, maxPendingRequests: count, maxRequests: count, maxRetries: count },
    ),
    retryBudget: value({ percent, minConcurrency: fc.nat(100) }),
    transport,
    idleTimeoutMs: ms,
    origins,
  },
  {
    outlierDetection: value(
      {
        splitExternalLocalOriginErrors: flag,
        intervalMs: ms,
        baseEjectionMs: ms,
        maxEjectionMs: ms,
        maxEjectionPercent: percent,
        minHealthPercent: percent,
      },
      {
        consecutive5xx: count,
        consecutiveGatewayErrors: count,
        consecutiveLocalOriginFailures: count,
      },
    ),
    destination: value({ host: text, service: text, namespace: text, port }, { subset: text }),
    protocol: fc.constantFrom("http2", "client"),
    http2,
    multiplexing: fc.constant("off"),
    tcpIdleTimeoutMs: ms,
    maxConnectionDurationMs: ms,
    tcpKeepalive: value({}, { probes: count, timeS: count, intervalS: count }),
  },
);

const endpointSets = value<EndpointSet>({ name: text, endpoints: list(endpoint) });

const pem = fc
  .base64String({ minLength: 4, maxLength: 40 })
  .map((body) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
const secrets = value<Secret>({ name: text, kind: kindOf("trust-bundle"), roots: list(pem) });

const VALUES: { readonly [T in ConfigType]: fc.Arbitrary<ConfigResource["value"]> } = {
  listener: listeners,
  route: routes,
  "virtual-host": virtualHosts,
  cluster: clusters,
  endpoints: endpointSets,
  secret: secrets,
};

/** Any resource of any type, named as its value says. */
export const configResources: fc.Arbitrary<ConfigResource> = fc.oneof(
  ...configTypes.map((type) =>
    VALUES[type].map((each): ConfigResource => {
      const name = type === "virtual-host" ? `http-proxy/${each.name}` : each.name;
      return { type, name, version: "v1", value: each };
    }),
  ),
);
