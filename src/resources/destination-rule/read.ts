import { readExportTo } from "../export-to.ts";
import { identityOf } from "../identity.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import { durationMs, optionalDurationMs } from "../schema/duration.ts";
import type {
  ConnectionPool,
  DestinationRule,
  Http2KeepAlive,
  LoadBalancer,
  OutlierDetection,
  PortPolicy,
  RetryBudget,
  Subset,
  TcpKeepalive,
  TrafficPolicy,
} from "./destination-rule.ts";
import type {
  DestinationRuleSpec,
  PortPolicySpec,
  RetryBudgetSpec,
  TrafficPolicySpec,
} from "./schema.ts";

export function readDestinationRule(resource: Resource): DestinationRule {
  const object = identityOf(resource);
  const spec = resource.spec as DestinationRuleSpec;
  return {
    object,
    host: completeHost(spec.host, object.namespace),
    exportTo: readExportTo(spec.exportTo, object.namespace),
    ...(spec.trafficPolicy ? { trafficPolicy: readTrafficPolicy(spec.trafficPolicy) } : {}),
    subsets: (spec.subsets ?? []).map(readSubset),
  };
}

function readSubset({
  name,
  labels,
  trafficPolicy,
}: NonNullable<DestinationRuleSpec["subsets"]>[number]): Subset {
  const policy = trafficPolicy ? { trafficPolicy: readTrafficPolicy(trafficPolicy) } : {};
  return { name, labels: labels ?? {}, ...policy };
}

function readTrafficPolicy(spec: TrafficPolicySpec): TrafficPolicy {
  return {
    ...readPortPolicy(spec),
    ...(spec.retryBudget ? { retryBudget: readRetryBudget(spec.retryBudget) } : {}),
    portLevel: (spec.portLevelSettings ?? []).map(({ port, ...policy }) => ({
      port: port.number,
      ...readPortPolicy(policy),
    })),
  };
}

function readPortPolicy(spec: PortPolicySpec): PortPolicy {
  const { loadBalancer, connectionPool, outlierDetection, tls } = spec;
  return {
    ...(loadBalancer ? { loadBalancer: balancers[loadBalancer.simple] } : {}),
    ...(connectionPool ? { connectionPool: readConnectionPool(connectionPool) } : {}),
    ...(outlierDetection ? { outlierDetection: readOutlierDetection(outlierDetection) } : {}),
    ...(tls ? { tls: { kind: tls.mode === "DISABLE" ? "plain" : "mtls" } as const } : {}),
  };
}

const balancers: Readonly<
  Record<NonNullable<PortPolicySpec["loadBalancer"]>["simple"], LoadBalancer>
> = {
  LEAST_REQUEST: { kind: "least-request" },
  UNSPECIFIED: { kind: "least-request" },
  ROUND_ROBIN: { kind: "round-robin" },
  RANDOM: { kind: "random" },
};

type ConnectionPoolSpec = NonNullable<PortPolicySpec["connectionPool"]>;
type HttpSpec = NonNullable<ConnectionPoolSpec["http"]>;
type TcpSpec = NonNullable<ConnectionPoolSpec["tcp"]>;

function readConnectionPool({ tcp = {}, http = {} }: ConnectionPoolSpec): ConnectionPool {
  return {
    ...withValues({
      maxConnections: tcp.maxConnections,
      connectTimeoutMs: optionalDurationMs(tcp.connectTimeout),
      maxPendingRequests: http.http1MaxPendingRequests,
      maxRequests: http.http2MaxRequests,
      maxRetries: http.maxRetries,
      idleTimeoutMs: optionalDurationMs(http.idleTimeout),
      tcpIdleTimeoutMs: optionalDurationMs(tcp.idleTimeout),
      maxConnectionDurationMs: optionalDurationMs(tcp.maxConnectionDuration),
      maxConcurrentStreams: http.maxConcurrentStreams,
    }),
    maxRequestsPerConnection: http.maxRequestsPerConnection ?? 0,
    http2Upgrade: upgrades[http.h2UpgradePolicy ?? "DEFAULT"],
    usesClientProtocol: http.useClientProtocol ?? false,
    ...(tcp.tcpKeepalive && { tcpKeepalive: readTcpKeepalive(tcp.tcpKeepalive) }),
    ...(http.http2KeepAlive && { http2KeepAlive: readHttp2KeepAlive(http.http2KeepAlive) }),
  };
}

const upgrades = { DEFAULT: "default", UPGRADE: "upgrade", DO_NOT_UPGRADE: "never" } as const;

function readTcpKeepalive({
  probes,
  time,
  interval,
}: NonNullable<TcpSpec["tcpKeepalive"]>): TcpKeepalive {
  const seconds = (text: string | undefined) =>
    text === undefined ? undefined : Math.ceil(durationMs(text) / 1000);
  return withValues({ probes, timeS: seconds(time), intervalS: seconds(interval) });
}

const pingTimeoutMs = 20_000;

function readHttp2KeepAlive(spec: NonNullable<HttpSpec["http2KeepAlive"]>): Http2KeepAlive {
  return {
    ...withValues({
      intervalMs: optionalDurationMs(spec.interval),
      connectionIdleIntervalMs: optionalDurationMs(spec.connectionIdleInterval),
    }),
    timeoutMs: optionalDurationMs(spec.timeout) ?? pingTimeoutMs,
  };
}

/** Without the fields that have none. */
function withValues<T extends Readonly<Record<string, unknown>>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Defaults are Istio's. A count of 0 turns its check off. */
function readOutlierDetection(
  spec: NonNullable<PortPolicySpec["outlierDetection"]>,
): OutlierDetection {
  const { consecutive5xxErrors = 5, consecutiveGatewayErrors = 0 } = spec;
  const { splitExternalLocalOriginErrors = false, consecutiveLocalOriginFailures = 5 } = spec;
  const local = splitExternalLocalOriginErrors ? consecutiveLocalOriginFailures : 0;
  return {
    ...(consecutive5xxErrors === 0 ? {} : { consecutive5xx: consecutive5xxErrors }),
    ...(consecutiveGatewayErrors === 0 ? {} : { consecutiveGatewayErrors }),
    ...(local === 0 ? {} : { consecutiveLocalOriginFailures: local }),
    splitExternalLocalOriginErrors,
    intervalMs: durationMs(spec.interval ?? "10s"),
    baseEjectionMs: durationMs(spec.baseEjectionTime ?? "30s"),
    maxEjectionPercent: spec.maxEjectionPercent ?? 10,
    minHealthPercent: spec.minHealthPercent ?? 0,
  };
}

/** Fields not written are Istio's defaults. */
export function readRetryBudget({ percent, minRetryConcurrency }: RetryBudgetSpec): RetryBudget {
  return { percent: percent ?? 20, minConcurrency: minRetryConcurrency ?? 3 };
}
