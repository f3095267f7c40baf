import type { ServerExchange } from "#http/exchange.ts";
import { mayBeStream } from "../protocol-change.ts";
import { WEFT_ALPN } from "./alpn.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Host } from "./host.ts";

/** The connections to a host that may carry a request; one that changes the protocol may find that they do not allow that. */
export function poolFor(host: Host, { request, transport }: ServerExchange): ConnectionPool {
  if (request.upgrade !== "" && !mayBeStream(request)) return host.tunnelPool;
  if (!host.followsClient || request.protocol !== "HTTP/2") return host.pool;
  // By Weft's own multiplexing only requests in HTTP/1 come, so the application is spoken to in HTTP/1 then.
  return transport.tls?.alpn === WEFT_ALPN ? host.pool : host.http2Pool;
}
