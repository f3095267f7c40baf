import type { ExportTo } from "../export-to.ts";
import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet } from "../matching.ts";

export interface DestinationRule {
  readonly object: ObjectIdentity;
  /** Completed with the rule's namespace, lower case; may begin with `*.` or be `*`. */
  readonly host: string;
  readonly exportTo: ExportTo;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly Subset[];
}

export interface Subset {
  readonly name: string;
  readonly labels: LabelSet;
  readonly trafficPolicy?: TrafficPolicy;
}

/** Blocks are inherited or replaced whole. Absent: not written. */
export interface PortPolicy {
  readonly loadBalancer?: LoadBalancer;
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTls;
}

export interface TrafficPolicy extends PortPolicy {
  readonly retryBudget?: RetryBudget;
  /** Replaces the policy for these ports of the service; nothing is inherited from beside it. */
  readonly portLevel: readonly (PortPolicy & { readonly port: number })[];
}

export type LoadBalancer = { readonly kind: "least-request" | "round-robin" | "random" };

/** Absent: not limited, or the mesh's default. */
export interface ConnectionPool {
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
  /** 0: no limit; 1: no keep-alive. */
  readonly maxRequestsPerConnection: number;
  /** 0: never. */
  readonly idleTimeoutMs?: number;
  /** Of connections that are not HTTP. 0: never. */
  readonly tcpIdleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  readonly tcpKeepalive?: TcpKeepalive;
  /** `default`: as the port is declared, multiplexed between proxies of the mesh. */
  readonly http2Upgrade: "default" | "upgrade" | "never";
  /** Requests go out in the version in which they came. */
  readonly usesClientProtocol: boolean;
  readonly maxConcurrentStreams?: number;
  readonly http2KeepAlive?: Http2KeepAlive;
}

/** What is absent is as Linux has it: 9 probes, after 7200 s, each 75 s. */
export interface TcpKeepalive {
  readonly probes?: number;
  readonly timeS?: number;
  readonly intervalS?: number;
}

export interface Http2KeepAlive {
  /** Absent: no PING at regular times. */
  readonly intervalMs?: number;
  readonly timeoutMs: number;
  /** Absent: a connection is not asked before it is used again. */
  readonly connectionIdleIntervalMs?: number;
}

/** With Istio's defaults filled in. */
export interface OutlierDetection {
  /** Absent: off. */
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutiveLocalOriginFailures?: number;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionPercent: number;
  readonly minHealthPercent: number;
}

/** `mtls` is Istio's ISTIO_MUTUAL. */
export interface ClientTls {
  readonly kind: "plain" | "mtls";
}

export interface RetryBudget {
  readonly percent: number;
  readonly minConcurrency: number;
}
