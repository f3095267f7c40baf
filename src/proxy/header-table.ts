/**
 * Every header field that a proxy adds, overwrites or removes beyond what HTTP itself demands of an intermediary. What is
 * not in this table passes untouched, with its case and order. `docs/reference/headers.md` is made from it.
 */
export interface HeaderRule {
  readonly name: string;
  readonly message: "request" | "response";
  /** Which side of the proxy does it. */
  readonly side: "outbound" | "inbound" | "both";
  readonly does: "adds when absent" | "overwrites" | "removes" | "renames" | "adds";
  readonly why: string;
}

export const headerTable = [
  {
    name: "host",
    message: "request",
    side: "outbound",
    does: "overwrites",
    why: "Only on the loopback ports of `--upstream`, which lead to one destination whatever the request says: its name and port.",
  },
  {
    name: "traceparent",
    message: "request",
    side: "both",
    does: "adds when absent",
    why: "W3C Trace Context begins where the mesh first sees a request. One that is there is passed on as it is; one that is malformed is replaced.",
  },
  {
    name: "x-request-id",
    message: "request",
    side: "both",
    does: "adds when absent",
    why: "One id for all log lines of a request: a UUID, as Envoy makes them.",
  },
  {
    name: "x-envoy-attempt-count",
    message: "request",
    side: "outbound",
    does: "adds",
    why: "Only on retries: which try this is, so that a server can tell.",
  },
  {
    name: "proxy-authorization",
    message: "request",
    side: "outbound",
    does: "removes",
    why: "It carries the secret of the run, which is for this proxy alone.",
  },
  {
    name: "x-forwarded-client-cert",
    message: "request",
    side: "outbound",
    does: "removes",
    why: "An identity is what a certificate proves, never what a caller writes.",
  },
  {
    name: "x-forwarded-client-cert",
    message: "request",
    side: "inbound",
    does: "overwrites",
    why: 'On mutual TLS it names the caller as its certificate does (`By=…;Hash=…;Subject="";URI=…`); on plaintext it is removed.',
  },
  {
    name: "weft-peer",
    message: "request",
    side: "outbound",
    does: "overwrites",
    why: "On the first request of each mutual-TLS connection between proxies: name, app and version of the calling workload, for the labels of metrics.",
  },
  {
    name: "weft-peer",
    message: "request",
    side: "inbound",
    does: "removes",
    why: "It is for the proxy, not for the application.",
  },
  {
    name: "weft-error",
    message: "response",
    side: "both",
    does: "adds",
    why: "On answers that the proxy makes itself: `<code>; by=<workload>/<inbound|outbound>; id=<record>`.",
  },
  {
    name: "weft-error",
    message: "response",
    side: "inbound",
    does: "renames",
    why: "An application's own field of that name becomes `x-application-weft-error`, so that nobody can speak for a proxy.",
  },
  {
    name: "x-envoy-overloaded",
    message: "response",
    side: "both",
    does: "adds",
    why: "`true` on 503 answers made because a limit of the connection pool is reached.",
  },
  {
    name: "sec-websocket-key",
    message: "request",
    side: "both",
    does: "adds when absent",
    why: "Only where a WebSocket that came by HTTP/2 (extended CONNECT) goes on in HTTP/1: there its server has to answer a key.",
  },
  {
    name: "sec-websocket-accept",
    message: "response",
    side: "both",
    does: "removes",
    why: "Only where it answers a key that this proxy has added, and has been compared with it.",
  },
  {
    name: "sec-websocket-accept",
    message: "response",
    side: "both",
    does: "adds when absent",
    why: "Only where an application has answered in HTTP/2, which knows no such answer, to a caller that sent a key.",
  },
] as const satisfies readonly HeaderRule[];
