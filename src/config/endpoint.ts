import type { SocketAddress } from "./socket-address.ts";

/** The endpoints of one or more clusters. */
export interface EndpointSet {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** Where to dial: the proxy of the workload, or the workload itself. */
  readonly address: SocketAddress;
  /** The application's own port, when it differs from the port dialled. */
  readonly workloadPort: number;
  readonly weight: number;
  /** Whom the certificate must name: any of these SPIFFE IDs (secure naming). Empty: nobody known, so no mutual TLS. */
  readonly identities: readonly string[];
  /** What the other side accepts, best first. */
  readonly transports: readonly EndpointTransport[];
  /** Labels of metrics and logs. */
  readonly workload?: WorkloadRef;
}

/** `plain`; `istio-mtls`: mutual TLS, HTTP/1.1 or TCP inside, Istio's ALPN names; `weft-h2`: multiplexed; `hbone`. */
export type EndpointTransport = "plain" | "istio-mtls" | "weft-h2" | "hbone";

export interface WorkloadRef {
  readonly name: string;
  readonly namespace: string;
  readonly app: string;
  readonly version: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
}
