import type { SocketAddress } from "./socket-address.ts";

/** What a proxy says of the workload it stands beside when it opens its configuration stream (node metadata on the wire). */
export interface Workload {
  readonly namespace: string;
  /** Unique within the namespace; becomes the name of its WorkloadEntry. */
  readonly name: string;
  /** The service that it is an instance of unless a port names another: `--name`. */
  readonly app: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inbound: readonly InboundPort[];
  readonly outbound: readonly OutboundPort[];
  /** Loopback address of the admin listener. */
  readonly admin: SocketAddress;
  /** Loopback address of Prometheus metrics, 15090's role. */
  readonly metrics?: SocketAddress;
  /** Weft's version, for `weft proxies`. */
  readonly version: string;
  /** Absent: Weft's own data path. */
  readonly engine?: Engine;
}

/** Another program that carries the workload's traffic, and the files beside it that its configuration has to name. */
export interface Engine {
  readonly kind: "envoy";
  /** Absent: standard output. */
  readonly accessLog?: string;
  /** Who may use the HTTP proxy's port, in Apache's format (`name:{SHA}…`). Absent: whoever can connect. */
  readonly credentials?: string;
}

/** One `--port [SERVICE:]PORT[/PROTOCOL]`. */
export interface InboundPort {
  /** The application's own port on loopback. */
  readonly workloadPort: number;
  /** Where the proxy accepts for it, as other workloads dial it. */
  readonly address: SocketAddress;
  /** The service port that leads here; absent: 80 and the application's own number. */
  readonly servicePort?: number;
  /** What is spoken on it, in Istio's words: `tcp`, `grpc` …; absent: the first bytes of each connection tell. */
  readonly protocol?: string;
}

export type OutboundPort =
  | { readonly kind: "http-proxy"; readonly address: SocketAddress }
  /** `--upstream payments:9090=19090`: host as the user wrote it. */
  | {
      readonly kind: "upstream";
      readonly address: SocketAddress;
      readonly host: string;
      readonly port: number;
    };
