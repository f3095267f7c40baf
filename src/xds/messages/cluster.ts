import type {
  Balancer,
  Cluster,
  Destination,
  Discovery,
  TcpKeepalive,
  UpstreamTransport,
} from "#config/cluster.ts";
import type { SocketAddress } from "#config/socket-address.ts";
import { fromAddress, toAddress } from "./address.ts";
import { fromCircuits, fromOutliers, toCircuits, toOutliers } from "./circuit-breaker.ts";
import { adsSource } from "./config-source.ts";
import { fromDuration, toDuration } from "./duration.ts";
import { fromEndpoint, mutualTlsMark, toEndpoint } from "./endpoints.ts";
import {
  Cluster as ClusterMessage,
  Cluster_DiscoveryType as DiscoveryType,
  Cluster_DnsLookupFamily as DnsLookupFamily,
  Cluster_LbPolicy as LbPolicy,
  UpstreamConnectionOptions,
} from "./generated/envoy/config/cluster/v3/cluster.ts";
import type { Metadata } from "./generated/envoy/config/core/v3/base.ts";
import { ClusterLoadAssignment } from "./generated/envoy/config/endpoint/v3/endpoint.ts";
import { LbEndpoint } from "./generated/envoy/config/endpoint/v3/endpoint_components.ts";
import { fromProtocolOptions, toProtocolOptions } from "./http-protocol.ts";
import { fromHttp2Fields, toHttp2Fields } from "./http2-settings.ts";
import {
  asFields,
  asList,
  asNumber,
  asString,
  fromMetadata,
  fromOrigins,
  toMetadata,
  toOrigins,
} from "./metadata.ts";
import { fromUpstreamTls, rawBuffer, upstreamTls } from "./tls-context.ts";

export function toCluster(cluster: Cluster): ClusterMessage {
  const { discovery, limits, outlierDetection } = cluster;
  const passthrough = discovery.kind === "passthrough";
  return {
    ...ClusterMessage.create(),
    ...toDiscovery(cluster.name, discovery),
    ...toTransport(cluster.transport),
    name: cluster.name,
    connectTimeout: toDuration(cluster.connectTimeoutMs),
    lbPolicy: passthrough ? LbPolicy.CLUSTER_PROVIDED : toBalancer(cluster.balancer),
    circuitBreakers: toCircuits(limits, cluster.retryBudget),
    outlierDetection: outlierDetection && toOutliers(outlierDetection),
    commonLbConfig: ClusterMessage.fromPartial({
      commonLbConfig: { healthyPanicThreshold: { value: outlierDetection?.minHealthPercent ?? 0 } },
    }).commonLbConfig,
    typedExtensionProtocolOptions: toProtocolOptions({ ...cluster, ...limits }),
    upstreamConnectionOptions: toConnectionOptions(cluster.tcpKeepalive),
    metadata: toMetadata(
      {
        origins: toOrigins(cluster.origins),
        balancer: passthrough ? cluster.balancer.kind : undefined,
        multiplexing: cluster.multiplexing,
        tcpIdleTimeoutMs: cluster.tcpIdleTimeoutMs,
        // Multiplexed connections are of HTTP/2 where Envoy would have none.
        http2: cluster.protocol === undefined ? toHttp2Fields(cluster.http2) : undefined,
      },
      cluster.destination ? { istio: toDestination(cluster.destination) } : {},
    ),
  };
}

export function fromCluster(message: ClusterMessage): Cluster {
  const ours = fromMetadata(message.metadata);
  const discovery = fromDiscovery(message);
  const { maxRequestsPerConnection, ...spoken } = fromProtocolOptions(
    message.typedExtensionProtocolOptions,
  );
  const tcpKeepalive = fromConnectionOptions(message.upstreamConnectionOptions);
  const panic = message.commonLbConfig?.healthyPanicThreshold?.value ?? 0;
  const { limits, retryBudget } = fromCircuits(message.circuitBreakers);
  const destination = fromDestination(message.metadata);
  return {
    name: message.name,
    discovery,
    connectTimeoutMs: fromDuration(message.connectTimeout),
    balancer:
      discovery.kind === "passthrough"
        ? { kind: asBalancer(ours.balancer) }
        : fromBalancer(message.lbPolicy),
    limits: { ...limits, maxRequestsPerConnection },
    retryBudget,
    ...(message.outlierDetection === undefined
      ? {}
      : { outlierDetection: fromOutliers(message.outlierDetection, panic) }),
    transport: fromTransport(message),
    ...spoken,
    ...(spoken.protocol === undefined ? fromHttp2Fields(ours.http2) : {}),
    ...(ours.multiplexing === "off" ? { multiplexing: "off" } : {}),
    ...(tcpKeepalive === undefined ? {} : { tcpKeepalive }),
    ...(ours.tcpIdleTimeoutMs === undefined
      ? {}
      : { tcpIdleTimeoutMs: asNumber(ours.tcpIdleTimeoutMs) }),
    ...(destination === undefined ? {} : { destination }),
    origins: fromOrigins(ours.origins),
  };
}

function toDiscovery(name: string, discovery: Discovery): Partial<ClusterMessage> {
  switch (discovery.kind) {
    case "eds":
      return {
        clusterDiscoveryType: { $case: "type", value: DiscoveryType.EDS },
        edsClusterConfig: { edsConfig: adsSource(), serviceName: discovery.name },
      };
    case "static":
      return {
        clusterDiscoveryType: { $case: "type", value: DiscoveryType.STATIC },
        loadAssignment: toAssignment(name, discovery.endpoints.map(toLbEndpoint)),
      };
    case "dns":
      return {
        clusterDiscoveryType: {
          $case: "type",
          value: discovery.isLogical ? DiscoveryType.LOGICAL_DNS : DiscoveryType.STRICT_DNS,
        },
        loadAssignment: toAssignment(name, discovery.hosts.map(toEndpoint)),
        // Our own proxy's way: of a strict name IPv4 where there is any, of a logical one whichever answers.
        dnsLookupFamily: discovery.isLogical ? DnsLookupFamily.ALL : DnsLookupFamily.V4_PREFERRED,
        dnsRefreshRate: toDuration(discovery.refreshMs),
      };
    case "passthrough":
      return { clusterDiscoveryType: { $case: "type", value: DiscoveryType.ORIGINAL_DST } };
  }
}

function fromDiscovery(message: ClusterMessage): Discovery {
  const type = message.clusterDiscoveryType?.value;
  if (type === DiscoveryType.EDS)
    return { kind: "eds", name: message.edsClusterConfig?.serviceName ?? "" };
  if (type === DiscoveryType.STRICT_DNS || type === DiscoveryType.LOGICAL_DNS)
    return {
      kind: "dns",
      hosts: fromAssignment(message.loadAssignment).map(fromEndpoint),
      refreshMs: fromDuration(message.dnsRefreshRate),
      ...(type === DiscoveryType.LOGICAL_DNS ? { isLogical: true } : {}),
    };
  if (type === DiscoveryType.ORIGINAL_DST) return { kind: "passthrough" };
  return { kind: "static", endpoints: fromAssignment(message.loadAssignment).map(fromLbEndpoint) };
}

function toAssignment(
  clusterName: string,
  lbEndpoints: readonly LbEndpoint[],
): ClusterLoadAssignment {
  return ClusterLoadAssignment.fromPartial({
    clusterName,
    endpoints: [{ lbEndpoints: [...lbEndpoints] }],
  });
}

function fromAssignment(message: ClusterLoadAssignment | undefined): readonly LbEndpoint[] {
  return (message?.endpoints ?? []).flatMap(({ lbEndpoints }) => lbEndpoints);
}

function toLbEndpoint(address: SocketAddress): LbEndpoint {
  return LbEndpoint.fromPartial({
    hostIdentifier: { $case: "endpoint", value: { address: toAddress(address) } },
  });
}

function fromLbEndpoint({ hostIdentifier }: LbEndpoint): SocketAddress {
  return fromAddress(
    hostIdentifier?.$case === "endpoint" ? hostIdentifier.value.address : undefined,
  );
}

function toConnectionOptions(
  keepalive: TcpKeepalive | undefined,
): UpstreamConnectionOptions | undefined {
  if (keepalive === undefined) return undefined;
  const { probes, timeS, intervalS } = keepalive;
  return UpstreamConnectionOptions.fromPartial({
    tcpKeepalive: {
      keepaliveProbes: probes,
      keepaliveTime: timeS,
      keepaliveInterval: intervalS,
    },
  });
}

function fromConnectionOptions(
  message: UpstreamConnectionOptions | undefined,
): TcpKeepalive | undefined {
  if (message?.tcpKeepalive === undefined) return undefined;
  const { keepaliveProbes, keepaliveTime, keepaliveInterval } = message.tcpKeepalive;
  return {
    ...(keepaliveProbes === undefined ? {} : { probes: keepaliveProbes }),
    ...(keepaliveTime === undefined ? {} : { timeS: keepaliveTime }),
    ...(keepaliveInterval === undefined ? {} : { intervalS: keepaliveInterval }),
  };
}

const BALANCERS: readonly (readonly [Balancer["kind"], LbPolicy])[] = [
  ["least-request", LbPolicy.LEAST_REQUEST],
  ["round-robin", LbPolicy.ROUND_ROBIN],
  ["random", LbPolicy.RANDOM],
];

function toBalancer({ kind }: Balancer): LbPolicy {
  return BALANCERS.find(([each]) => each === kind)?.[1] ?? LbPolicy.LEAST_REQUEST;
}

function fromBalancer(policy: LbPolicy): Balancer {
  return { kind: BALANCERS.find(([, each]) => each === policy)?.[0] ?? "least-request" };
}

function asBalancer(value: unknown): Balancer["kind"] {
  return BALANCERS.find(([kind]) => kind === value)?.[0] ?? "least-request";
}

function toTransport(transport: UpstreamTransport): Partial<ClusterMessage> {
  if (transport.kind === "plain") return {};
  const transportSocket = upstreamTls(transport.sni, transport.extraIdentities);
  if (transport.kind === "mtls") return { transportSocket };
  return {
    transportSocketMatches: [
      { name: "tlsMode-istio", match: { ...mutualTlsMark }, transportSocket },
      { name: "tlsMode-disabled", match: {}, transportSocket: rawBuffer() },
    ],
  };
}

function fromTransport(message: ClusterMessage): UpstreamTransport {
  const [match] = message.transportSocketMatches;
  const socket = match ? match.transportSocket : message.transportSocket;
  const tls = fromUpstreamTls(socket);
  if (tls === undefined) return { kind: "plain" };
  const { sni, identities: extraIdentities } = tls;
  return { kind: match ? "auto-mtls" : "mtls", sni, extraIdentities };
}

/** Istio's own form of the same, which its telemetry filters read. */
function toDestination({ host, service, namespace, port, subset }: Destination) {
  return {
    services: [{ host, name: service, namespace }],
    default_original_port: port,
    ...(subset === undefined ? {} : { subset }),
  };
}

function fromDestination(metadata: Metadata | undefined): Destination | undefined {
  if (metadata?.filterMetadata.istio === undefined) return undefined;
  const fields = fromMetadata(metadata, "istio");
  const service = asFields(asList(fields.services)[0]);
  return {
    host: asString(service.host),
    service: asString(service.name),
    namespace: asString(service.namespace),
    port: asNumber(fields.default_original_port),
    ...(fields.subset === undefined ? {} : { subset: asString(fields.subset) }),
  };
}
