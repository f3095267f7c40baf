/**
 * Every answer that a proxy makes itself, and every way in which an exchange ends early. The codes, what the access log
 * shows, whether a retry may help, and `docs/reference/errors.md` all come from this one table.
 */

export interface ProxyFailureFacts {
  /** Who caused it. */
  readonly fault: "downstream" | "upstream" | "local";
  /** HTTP status of the answer. */
  readonly status: number;
  /** Envoy's response flag in the access log and in metrics; `-`: Envoy has none. */
  readonly flag: string;
  /** `always`: the request never reached an application; `unsent`: only while that is provable; else `never`. */
  readonly retry: "never" | "unsent" | "always";
  /** Envoy's `response_code_details`; policy adds the rule that decided. */
  readonly details: string;
  /** One sentence for people. */
  readonly summary: string;
  /** What to do next. */
  readonly next: string;
}

export const proxyFailures = {
  "no-route": {
    fault: "local",
    status: 404,
    flag: "NR",
    retry: "never",
    details: "route_not_found",
    summary: "The host is part of the mesh, but none of its routes matches this request.",
    next: "Compare the request's path, method and headers with the `match` blocks of the VirtualService named in the answer.",
  },
  "unknown-host": {
    fault: "local",
    status: 502,
    flag: "NR",
    retry: "never",
    details: "route_not_found",
    summary:
      "No service of the mesh has this host and port, and calls to hosts outside the mesh are refused.",
    next: "Check the spelling and the port; for a host outside the mesh apply a ServiceEntry or set the mesh's outbound policy to ALLOW_ANY.",
  },
  "cluster-not-found": {
    fault: "local",
    status: 503,
    flag: "NC",
    retry: "never",
    details: "cluster_not_found",
    summary:
      "The route points to a destination that does not exist: its host, port or subset is unknown.",
    next: "Check that the Service has this port and that a DestinationRule defines the subset.",
  },
  "no-healthy-upstream": {
    fault: "upstream",
    status: 503,
    flag: "UH",
    retry: "never",
    details: "no_healthy_upstream",
    summary:
      "The destination has no endpoint that may be used: none is registered, or all of them are ejected.",
    next: "Look at `/clusters` of the proxy's admin address: are there endpoints, and are they ejected?",
  },
  "upstream-connect-refused": {
    fault: "upstream",
    status: 503,
    flag: "UF",
    retry: "always",
    details: "upstream_reset_before_response_started{connection_failure}",
    summary: "The chosen endpoint did not accept the connection.",
    next: "Check that the process behind this address runs and listens.",
  },
  "upstream-connect-timeout": {
    fault: "upstream",
    status: 503,
    flag: "UF",
    retry: "always",
    details: "upstream_reset_before_response_started{connection_timeout}",
    summary: "The connection to the chosen endpoint was not established in time.",
    next: "Check the network between the hosts; `connectionPool.tcp.connectTimeout` of the DestinationRule sets the time.",
  },
  "upstream-dns-failure": {
    fault: "upstream",
    status: 503,
    flag: "DF",
    retry: "always",
    details: "dns_resolution_failure",
    summary: "The destination's name could not be resolved to an address.",
    next: "Resolve the name on the proxy's host; check the spelling in the ServiceEntry.",
  },
  "upstream-tls-failure": {
    fault: "upstream",
    status: 503,
    flag: "UF",
    retry: "always",
    details: "upstream_reset_before_response_started{connection_failure,TLS}",
    summary: "The TLS handshake with the chosen endpoint failed.",
    next: "Compare `/certs` of both proxies: do they share a root, and is neither certificate expired?",
  },
  "upstream-identity-mismatch": {
    fault: "upstream",
    status: 503,
    flag: "UF",
    retry: "always",
    details: "upstream_reset_before_response_started{connection_failure,identity}",
    summary:
      "The endpoint presented an identity that may not serve this destination (secure naming).",
    next: "Check the service account of the workload at this address; `subjectAltNames` of a DestinationRule allows further ones.",
  },
  "own-certificate-expired": {
    fault: "local",
    status: 503,
    flag: "UF",
    retry: "never",
    details: "upstream_reset_before_response_started{connection_failure,own_certificate_expired}",
    summary: "This proxy's own certificate has expired, so that it cannot speak mutual TLS.",
    next: "Check that the control plane is reachable: the proxy renews its certificate as soon as it answers.",
  },
  "upstream-reset": {
    fault: "upstream",
    status: 503,
    flag: "UR",
    retry: "unsent",
    details: "upstream_reset_before_response_started{remote_reset}",
    summary: "The endpoint reset the connection before it had answered.",
    next: "Look at the log of the application behind this endpoint: it, or something before it, aborted the connection.",
  },
  "upstream-closed": {
    fault: "upstream",
    status: 503,
    flag: "UC",
    retry: "unsent",
    details: "upstream_reset_before_response_started{connection_termination}",
    summary: "The endpoint closed the connection before it had answered.",
    next: "Look at the log of the application behind this endpoint: did it crash or restart while it worked on this request?",
  },
  "upstream-closed-idle": {
    fault: "upstream",
    status: 503,
    flag: "UC",
    retry: "unsent",
    details: "upstream_reset_before_response_started{connection_termination,idle}",
    summary:
      "The endpoint closed an idle connection just as this request was sent on it, and the request could not be replayed.",
    next: "Raise the application's keep-alive time above the interval of its requests; the proxy learns it and retires connections earlier.",
  },
  "upstream-protocol-error": {
    fault: "upstream",
    status: 502,
    flag: "UPE",
    retry: "never",
    details: "upstream_reset_before_response_started{protocol_error}",
    summary: "The endpoint's answer broke the rules of HTTP.",
    next: "Call the application directly and look at the bytes of its answer: the message says what was wrong.",
  },
  "upgrade-refused": {
    fault: "upstream",
    status: 502,
    flag: "-",
    retry: "never",
    details: "upgrade_failed",
    summary:
      "A WebSocket was asked for over HTTP/2 (extended CONNECT), and the destination does not change the protocol.",
    next: "Call the application directly with a WebSocket client; one that is declared as HTTP/2 has to announce SETTINGS_ENABLE_CONNECT_PROTOCOL.",
  },
  "request-timeout": {
    fault: "upstream",
    status: 504,
    flag: "UT",
    retry: "never",
    details: "response_timeout",
    summary:
      "The whole exchange, retries included, took longer than the route's timeout, or than a gRPC caller has given.",
    next: "Look at the destination's latency; `timeout` of the VirtualService sets the time, and so does `grpc-timeout` of a call.",
  },
  "per-try-timeout": {
    fault: "upstream",
    status: 504,
    flag: "UT",
    retry: "never",
    details: "upstream_per_try_timeout",
    summary:
      "The endpoint did not answer within the time allowed for one try, and no further try was allowed.",
    next: "Look at the endpoint's latency; `retries.perTryTimeout` of the VirtualService sets the time.",
  },
  "circuit-open": {
    fault: "local",
    status: 503,
    flag: "UO",
    retry: "never",
    details: "overflow",
    summary:
      "A limit of the destination's connection pool is reached, so that this request was not sent.",
    next: "The message names the limit; `connectionPool` of the DestinationRule sets it.",
  },
  "denied-by-policy": {
    fault: "downstream",
    status: 403,
    flag: "UAEX",
    retry: "never",
    details: "rbac_access_denied_matched_policy",
    summary: "An AuthorizationPolicy of the destination does not allow this request.",
    next: "The message names the rule that came closest and the one field that differed.",
  },
  "tls-required": {
    fault: "downstream",
    status: 403,
    flag: "UAEX",
    retry: "never",
    details: "mutual_tls_required",
    summary: "The destination accepts mutual TLS only, and this connection is plaintext.",
    next: "Call it from a workload of the mesh, or set its PeerAuthentication to PERMISSIVE.",
  },
  "proxy-auth-required": {
    fault: "downstream",
    status: 407,
    flag: "UAEX",
    retry: "never",
    details: "proxy_authorization_required",
    summary:
      "This proxy serves one workload only, and the request did not carry the secret of its run.",
    next: "Start the program under `weft run`, which puts the proxy's address and secret into its environment.",
  },
  "other-user": {
    fault: "downstream",
    status: 403,
    flag: "UAEX",
    retry: "never",
    details: "peer_user_denied",
    summary: "This local port serves the workload's own user only.",
    next: "Run the caller as the same user, or under its own `weft run`.",
  },
  "connect-not-allowed": {
    fault: "downstream",
    status: 405,
    flag: "-",
    retry: "never",
    details: "connect_not_allowed",
    summary: "This listener does not serve CONNECT.",
    next: "Send CONNECT to the workload's HTTP proxy address.",
  },
  "bad-request": {
    fault: "downstream",
    status: 400,
    flag: "DPE",
    retry: "never",
    details: "http1.codec_error",
    summary: "The request broke the rules of HTTP.",
    next: "The message says which rule; nothing of the request was forwarded.",
  },
  "bad-path": {
    fault: "downstream",
    status: 400,
    flag: "DPE",
    retry: "never",
    details: "path_normalization_failed",
    summary: "The request's path holds NUL or an invalid escape.",
    next: "Send a path of valid percent-escapes.",
  },
  "request-head-too-large": {
    fault: "downstream",
    status: 431,
    flag: "DPE",
    retry: "never",
    details: "request_headers_too_large",
    summary: "The request's head is larger than 60 KiB or has more than 100 fields.",
    next: "Send fewer or shorter header fields; cookies are the usual cause.",
  },
  "request-head-timeout": {
    fault: "downstream",
    status: 408,
    flag: "DPE",
    retry: "never",
    details: "request_header_timeout",
    summary: "The request's head did not arrive in time.",
    next: "Look at the client or the network before this proxy.",
  },
  "request-body-timeout": {
    fault: "downstream",
    status: 408,
    flag: "DPE",
    retry: "never",
    details: "request_body_timeout",
    summary: "The request's body arrived more slowly than it may, or stopped arriving.",
    next: "Look at the network between client and proxy; `weft run --limit request-body-rate=…` sets how slow a body may be.",
  },
  "expectation-failed": {
    fault: "downstream",
    status: 417,
    flag: "DPE",
    retry: "never",
    details: "expectation_failed",
    summary: "The request expects something other than `100-continue`.",
    next: "Remove the Expect header.",
  },
  "not-implemented": {
    fault: "downstream",
    status: 501,
    flag: "DPE",
    retry: "never",
    details: "http1.not_implemented",
    summary:
      "The request uses a transfer coding, or asks by extended CONNECT for a protocol, that this proxy does not know.",
    next: "Send the body with Content-Length or chunked; over HTTP/2 no other protocol than `websocket` can be asked for.",
  },
  "version-not-supported": {
    fault: "downstream",
    status: 505,
    flag: "DPE",
    retry: "never",
    details: "http1.version_not_supported",
    summary: "The request's HTTP version is neither 1.0 nor 1.1.",
    next: "Use HTTP/1.1.",
  },
  overloaded: {
    fault: "local",
    status: 503,
    flag: "OM",
    retry: "never",
    details: "overload",
    summary: "This proxy is at the limit of its connections or memory.",
    next: "Look at the proxy's `/stats/prometheus`; spread the load over more instances.",
  },
  "client-gone": {
    fault: "downstream",
    status: 499,
    flag: "DC",
    retry: "never",
    details: "downstream_remote_disconnect",
    summary: "The caller went away before the answer was complete.",
    next: "Look at the caller's own timeout.",
  },
  internal: {
    fault: "local",
    status: 500,
    flag: "-",
    retry: "never",
    details: "internal_error",
    summary: "A defect in this proxy.",
    next: "Look for this record's id in the proxy's log and report the defect.",
  },
} as const satisfies Record<string, ProxyFailureFacts>;

export type ProxyFailureCode = keyof typeof proxyFailures;
