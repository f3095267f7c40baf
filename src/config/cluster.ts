import type { Origins } from "./route.ts";

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
  /** An upstream connection without requests is closed after this long. */
  readonly idleTimeoutMs: number;
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
  /** Every address that the names resolve to. */
  | { readonly kind: "dns"; readonly hosts: readonly SocketAddress[]; readonly refreshMs: number }
  /** Wherever the request itself says (hosts outside the mesh, when policy allows any). */
  | { readonly kind: "passthrough" };

export interface SocketAddress {
  /** IP address or, in `dns`, a name. */
  readonly host: string;
  readonly port: number;
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
