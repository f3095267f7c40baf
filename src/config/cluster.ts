import type { Endpoint } from "./endpoint.ts";
import type { Origins } from "./route.ts";
import type { SocketAddress } from "./socket-address.ts";

/** Somewhere to send requests: a service's port, perhaps one subset of it. Name as Istio's: `outbound|9090|v1|payments.shop.svc.cluster.local`. */
export interface Cluster {
  readonly name: string;
  readonly discovery: Discovery;
  readonly connectTimeoutMs: number;
  readonly balancer: Balancer;
  readonly limits: CircuitLimits;
  readonly retryBudget: RetryBudget;
  readonly outlierDetection?: OutlierDetection;
  readonly transport: UpstreamTransport;
  /** What requests are sent in; absent: HTTP/1.1. Between Weft proxies see `multiplexing`. */
  readonly protocol?: UpstreamProtocol;
  readonly http2?: Http2Settings;
  /**
   * Absent: where the other side is a Weft proxy, requests share few connections by Weft's own ALPN name. "off": that
   * name is not offered.
   */
  readonly multiplexing?: "off";
  /** A connection is given no further request when it is this old. Absent: any age. */
  readonly maxConnectionDurationMs?: number;
  /** Absent: as every connection of a proxy has them: 10 probes, after 60 s, each second. */
  readonly tcpKeepalive?: TcpKeepalive;
  /** An upstream connection without requests is closed after this long; 0: never. */
  readonly idleTimeoutMs: number;
  /** A connection that is not HTTP ends after this long without a byte in either direction; 0: never. Absent: 1 h. */
  readonly tcpIdleTimeoutMs?: number;
  /** Who is meant, for metrics and explanations; absent for passthrough. */
  readonly destination?: Destination;
  readonly origins: Origins;
}

export interface Destination {
  /** FQDN: `payments.shop.svc.cluster.local`. */
  readonly host: string;
  /** Short name of the service and its namespace. */
  readonly service: string;
  readonly namespace: string;
  readonly port: number;
  readonly subset?: string;
}

export type Discovery =
  /** Endpoints arrive as an `EndpointSet` of this name. */
  | { readonly kind: "eds"; readonly name: string }
  /** Endpoints known here: the application behind an inbound listener. */
  | { readonly kind: "static"; readonly endpoints: readonly SocketAddress[] }
  /**
   * Endpoints by name: each address that a name resolves to is one, of the name's weight; with `isLogical` the name itself
   * is one, and a connection goes to whichever of its addresses answers.
   */
  | {
      readonly kind: "dns";
      readonly hosts: readonly Endpoint[];
      readonly refreshMs: number;
      readonly isLogical?: true;
    }
  /** Wherever the request itself says: entries without endpoints, and hosts outside the mesh when policy allows any. */
  | { readonly kind: "passthrough" };

/**
 * `http2`: HTTP/2, in plaintext with prior knowledge, inside mutual TLS by negotiation. `client`: the version in which the
 * request came. Requests by Weft's own multiplexing count as HTTP/1.1 there, since HTTP/2 ones are not sent by it.
 */
export type UpstreamProtocol = "http2" | "client";

/** Of connections in HTTP/2. */
export interface Http2Settings {
  /** Most requests at a time on one connection, where the peer allows as many. Absent: what the peer allows. */
  readonly maxConcurrentStreams?: number;
  readonly keepAlive?: Http2KeepAlive;
}

/** A PING on each connection, and how long its answer may take before the connection is given up. */
export interface Http2KeepAlive {
  /** Absent: no PING at regular times. */
  readonly intervalMs?: number;
  readonly timeoutMs: number;
  /** A connection that was without requests for longer is asked before it is given one. */
  readonly connectionIdleIntervalMs?: number;
}

/** Probes of the kernel, in its own units. What is absent is as Linux has it: 9 probes, after 7200 s, each 75 s. */
export interface TcpKeepalive {
  readonly probes?: number;
  readonly timeS?: number;
  readonly intervalS?: number;
}

export type Balancer = { readonly kind: "least-request" | "round-robin" | "random" };

/** Absent: no limit. Past a limit the answer is 503, flag UO. */
export interface CircuitLimits {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
  /** 0: no limit; 1: no keep-alive. */
  readonly maxRequestsPerConnection: number;
}

/** Retries may be this share of active requests, and always at least `minConcurrency`. */
export interface RetryBudget {
  readonly percent: number;
  readonly minConcurrency: number;
}

/** Semantics and defaults: Envoy's outlier detection with Istio's values. */
export interface OutlierDetection {
  /** Absent: off. */
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutiveLocalOriginFailures?: number;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectionPercent: number;
  /** Below this share of healthy endpoints, ejections are ignored; 0: never. */
  readonly minHealthPercent: number;
}

export type UpstreamTransport =
  | { readonly kind: "plain" }
  /** Mutual TLS to endpoints that accept it, plaintext to those that do not (auto mTLS). */
  | {
      readonly kind: "auto-mtls";
      readonly sni: string;
      readonly extraIdentities: readonly string[];
    }
  /** Mutual TLS only: an endpoint that does not accept it is not used. */
  | { readonly kind: "mtls"; readonly sni: string; readonly extraIdentities: readonly string[] };
