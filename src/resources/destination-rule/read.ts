import { readExportTo } from "../export-to.ts";
import { identityOf } from "../identity.ts";
import { completeHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import { durationMs, optionalDurationMs } from "../schema/duration.ts";
import type {
  ConnectionPool,
  DestinationRule,
  LoadBalancer,
  OutlierDetection,
  PortPolicy,
  RetryBudget,
  Subset,
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

function readConnectionPool({
  tcp = {},
  http = {},
}: NonNullable<PortPolicySpec["connectionPool"]>): ConnectionPool {
  const { http1MaxPendingRequests, http2MaxRequests, maxRetries } = http;
  const connectTimeoutMs = optionalDurationMs(tcp.connectTimeout);
  const idleTimeoutMs = optionalDurationMs(http.idleTimeout);
  return {
    ...(tcp.maxConnections === undefined ? {} : { maxConnections: tcp.maxConnections }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(http1MaxPendingRequests === undefined
      ? {}
      : { maxPendingRequests: http1MaxPendingRequests }),
    ...(http2MaxRequests === undefined ? {} : { maxRequests: http2MaxRequests }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
    maxRequestsPerConnection: http.maxRequestsPerConnection ?? 0,
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  };
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
