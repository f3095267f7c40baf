import type {
  CircuitLimits,
  Cluster,
  Discovery,
  OutlierDetection,
  UpstreamTransport,
} from "#config/cluster.ts";
import type { Origin } from "#config/origin.ts";
import type { Origins } from "#config/route.ts";
import type { AppProtocol } from "#resources/app-protocol.ts";
import type {
  ConnectionPool,
  OutlierDetection as WrittenOutlierDetection,
} from "#resources/destination-rule/destination-rule.ts";
import { defaultMeshConfig, type MeshConfig } from "#resources/mesh-config/mesh-config.ts";
import type { MeshService } from "../mesh/mesh-service.ts";
import type { ServiceEndpointsByPort } from "../mesh/service-endpoints.ts";
import { originOf } from "../origin-of.ts";
import { sameJson } from "../same-json.ts";
import { outboundClusterName, outboundServerName } from "./cluster-name.ts";
import { connectionOrigins, connectionSettings } from "./connection-settings.ts";
import type { DestinationSettings } from "./destination-rule-lookup.ts";
import { type EffectivePolicy, effectivePolicy } from "./effective-policy.ts";
import { endpointsOfSubset } from "./endpoint-sets.ts";

const hourMs = 3_600_000;
const dnsRefreshMs = 60_000;
/** Envoy's cap on how long an endpoint stays out, however often it failed. */
const maxEjectionMs = 300_000;

/** A port of a service, or of one subset of it. */
export interface Target {
  readonly service: MeshService;
  readonly port: number;
  readonly subset?: string;
}

export interface ClusterInputs {
  readonly settings: DestinationSettings;
  readonly mesh: MeshConfig;
  /** Read for services that are found by name, whose names are listed like endpoints. */
  readonly endpoints: ServiceEndpointsByPort;
}

export function compileOutboundCluster(target: Target, inputs: ClusterInputs): Cluster {
  const { service, port, subset } = target;
  const { mesh } = inputs;
  const policy = effectivePolicy(inputs.settings, port, subset);
  const pool = policy.connectionPool?.value;
  const outliers = policy.outlierDetection?.value;
  return {
    name: outboundClusterName(service.host, port, subset),
    discovery: discoveryOf(target, inputs),
    connectTimeoutMs: pool?.connectTimeoutMs ?? mesh.connectTimeoutMs,
    balancer: { kind: policy.loadBalancer?.value.kind ?? "least-request" },
    limits: limitsOf(pool),
    retryBudget: budgetOf(policy.retryBudget?.value ?? mesh.retryBudget),
    ...(outliers !== undefined && { outlierDetection: outlierDetectionOf(outliers) }),
    transport: transportOf(target, policy),
    ...connectionSettings(portProtocol(target), pool),
    idleTimeoutMs: pool?.idleTimeoutMs ?? hourMs,
    ...(pool?.tcpIdleTimeoutMs !== undefined && { tcpIdleTimeoutMs: pool.tcpIdleTimeoutMs }),
    destination: {
      host: service.host,
      service: service.main.name,
      namespace: service.namespace,
      port,
      ...(subset !== undefined && { subset }),
    },
    origins: originsOf(target, policy, inputs),
  };
}

function discoveryOf(target: Target, { settings, endpoints }: ClusterInputs): Discovery {
  const { service, port, subset } = target;
  const { resolution } = service.main;
  if (resolution === "passthrough") return { kind: "passthrough" };
  if (resolution === "endpoints")
    return { kind: "eds", name: outboundClusterName(service.host, port, subset) };
  const hosts = endpointsOfSubset(endpoints, settings, port, subset);
  const { isLogical } = service.main;
  return { kind: "dns", hosts, refreshMs: dnsRefreshMs, ...(isLogical && { isLogical }) };
}

function portProtocol({ service, port }: Target): AppProtocol {
  return service.ports.find(({ number }) => number === port)?.protocol ?? "unknown";
}

function limitsOf(pool: ConnectionPool | undefined): CircuitLimits {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = pool ?? {};
  return {
    ...(maxConnections !== undefined && { maxConnections }),
    ...(maxPendingRequests !== undefined && { maxPendingRequests }),
    ...(maxRequests !== undefined && { maxRequests }),
    ...(maxRetries !== undefined && { maxRetries }),
    maxRequestsPerConnection: pool?.maxRequestsPerConnection ?? 0,
  };
}

function budgetOf({ percent, minConcurrency }: Cluster["retryBudget"]): Cluster["retryBudget"] {
  return { percent, minConcurrency };
}

function outlierDetectionOf(written: WrittenOutlierDetection): OutlierDetection {
  const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalOriginFailures } = written;
  return {
    ...(consecutive5xx !== undefined && { consecutive5xx }),
    ...(consecutiveGatewayErrors !== undefined && { consecutiveGatewayErrors }),
    ...(consecutiveLocalOriginFailures !== undefined && { consecutiveLocalOriginFailures }),
    splitExternalLocalOriginErrors: written.splitExternalLocalOriginErrors,
    intervalMs: written.intervalMs,
    baseEjectionMs: written.baseEjectionMs,
    maxEjectionMs: Math.max(maxEjectionMs, written.baseEjectionMs),
    maxEjectionPercent: written.maxEjectionPercent,
    minHealthPercent: written.minHealthPercent,
  };
}

/** A rule's word decides. Without one: mutual TLS with those that are known to accept it, inside the mesh. */
function transportOf(
  { service, port, subset }: Target,
  policy: EffectivePolicy,
): UpstreamTransport {
  const { isExternal, resolution } = service.main;
  const byDefault = isExternal || resolution === "passthrough" ? "plain" : "auto-mtls";
  const kind = policy.tls?.value.kind ?? byDefault;
  if (kind === "plain") return { kind };
  return {
    kind,
    sni: outboundServerName(service.host, port, subset),
    extraIdentities: service.subjectAltNames,
  };
}

function originsOf(target: Target, policy: EffectivePolicy, inputs: ClusterInputs): Origins {
  const { service, subset } = target;
  const { mesh, settings } = inputs;
  const written = settings.subsets.find(({ value }) => value.name === subset);
  // Stored defaults look as if they were not written, so only what differs is the MeshConfig's word.
  const inMesh = (field: "connectTimeout" | "retryBudget", isDefault: boolean) =>
    mesh.object && !isDefault ? originOf(mesh.object, `spec.${field}`) : undefined;
  const { connectTimeoutMs, retryBudget } = defaultMeshConfig;
  const pool = policy.connectionPool;
  return known({
    "": service.main.origin,
    discovery: written && originOf(written.object, written.rule),
    connectTimeoutMs:
      pool?.value.connectTimeoutMs === undefined
        ? inMesh("connectTimeout", mesh.connectTimeoutMs === connectTimeoutMs)
        : pool.origin,
    balancer: policy.loadBalancer?.origin,
    limits: pool?.origin,
    retryBudget:
      policy.retryBudget?.origin ?? inMesh("retryBudget", sameJson(mesh.retryBudget, retryBudget)),
    outlierDetection: policy.outlierDetection?.origin,
    transport: policy.tls?.origin,
    idleTimeoutMs: pool?.value.idleTimeoutMs === undefined ? undefined : pool.origin,
    tcpIdleTimeoutMs: pool?.value.tcpIdleTimeoutMs === undefined ? undefined : pool.origin,
    ...connectionOrigins(pool),
  });
}

function known(origins: Readonly<Record<string, Origin | undefined>>): Origins {
  const result: Record<string, Origin> = {};
  for (const path in origins) {
    const origin = origins[path];
    if (origin !== undefined) result[path] = origin;
  }
  return result;
}
