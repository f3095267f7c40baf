/**
 * Where connections to one port of one host go whose content is not requests (or is not looked at). A host without them
 * carries requests only.
 */
export interface ConnectionRoutes {
  /**
   * `tcp`: bytes, never looked at. `tls`: the application's own TLS, of which the first message is looked at. `detect`: the
   * first bytes tell, and requests among them follow the host's routes.
   */
  readonly content: "tcp" | "tls" | "detect";
  /** IP addresses of the host, which `subnets` are compared with when it was called by name. Only where some route asks. */
  readonly addresses: readonly string[];
  /** First match wins, before `tcp`; for `tls` and `detect`. */
  readonly tls: readonly TlsRoute[];
  /** First match wins. */
  readonly tcp: readonly TcpRoute[];
}

export interface TcpRoute {
  /** CIDR blocks of the addresses that were called; empty: any. */
  readonly subnets: readonly string[];
  /** Never empty; weights relative, a weight of 0 is never chosen, the sum is above 0. */
  readonly clusters: readonly ConnectionTarget[];
}

export interface TlsRoute extends TcpRoute {
  /** Lower case: names, `*.suffix` or `*`; never empty. */
  readonly serverNames: readonly string[];
}

export interface ConnectionTarget {
  readonly cluster: string;
  readonly weight: number;
}
