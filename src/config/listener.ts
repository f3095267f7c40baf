import type { Authorization } from "./authorization.ts";
import type { Origins, RouteConfiguration } from "./route.ts";
import type { SocketAddress } from "./socket-address.ts";

export type Listener = InboundListener | OutboundListener;

/** One port of the application, as the rest of the mesh reaches it. */
export interface InboundListener {
  readonly kind: "inbound";
  /** `inbound|<workload port>` */
  readonly name: string;
  readonly address: SocketAddress;
  readonly workloadPort: number;
  /** Effective PeerAuthentication mode: mutual TLS only, both, or plaintext only. */
  readonly mtls: "strict" | "permissive" | "disable";
  readonly authorization: Authorization;
  /**
   * What the application speaks: requests only, bytes that are not looked at, or whatever the first bytes tell. What a
   * caller says by the ALPN of mutual TLS counts before it. Absent: `detect`.
   */
  readonly content?: "http" | "tcp" | "detect";
  /** Inline: one host `*`, one cluster `inbound|<workload port>||`. */
  readonly routes: RouteConfiguration;
  readonly http: HttpSettings;
  readonly origins: Origins;
}

/** Where the application itself comes in. */
export interface OutboundListener {
  readonly kind: "outbound";
  /** `http-proxy`, or `upstream|<listening port>`. */
  readonly name: string;
  readonly address: SocketAddress;
  /** `http-proxy`: absolute-form requests and CONNECT, guarded by the run's secret. `upstream`: one fixed destination. */
  readonly mode: "http-proxy" | "upstream";
  /** `upstream`: the authority that is called, whatever the request's Host says: `payments.shop.svc.cluster.local:9090`. */
  readonly authority?: string;
  /** Name of the route configuration. */
  readonly routes: string;
  /** A host that no virtual host claims: forwarded as it is, or refused with 502. */
  readonly unknownHosts: "passthrough" | "refuse";
  readonly http: HttpSettings;
  readonly origins: Origins;
}

export interface HttpSettings {
  readonly pathNormalization: "none" | "base" | "merge-slashes" | "decode-and-merge-slashes";
  /** Suffixes that complete a short host, best first: `shop.svc.cluster.local`, `svc.cluster.local`, `cluster.local`. */
  readonly searchDomains: readonly string[];
}
