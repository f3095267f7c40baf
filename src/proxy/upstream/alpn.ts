import type { Cluster } from "#config/cluster.ts";

/** HTTP/2 with heads as they were written in HTTP/1, between Weft proxies only. */
export const WEFT_ALPN = "weft-h2";
/** HTTP/2 inside Istio's mutual TLS. */
export const ISTIO_HTTP2_ALPN = "istio-h2";
/** HTTP/1.1 inside it. */
export const ISTIO_HTTP1_ALPN = "istio-http/1.1";

/** In which version of HTTP the requests of one pool are to reach the application. */
export type HttpVersion = "http1" | "http2";

/**
 * What is offered in a handshake. The server chooses, so HTTP/1.1 is no choice where HTTP/2 is meant. A cluster that follows
 * its clients sends their HTTP/2 by a name that says so, since the other side has to know how to speak to the application.
 */
export function offeredAlpn(
  { protocol, multiplexing }: Pick<Cluster, "protocol" | "multiplexing">,
  version: HttpVersion,
): readonly string[] {
  const standard = version === "http2" ? ISTIO_HTTP2_ALPN : ISTIO_HTTP1_ALPN;
  const isClients = protocol === "client" && version === "http2";
  return multiplexing === "off" || isClients ? [standard] : [WEFT_ALPN, standard];
}
