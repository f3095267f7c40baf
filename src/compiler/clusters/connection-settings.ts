import type { Cluster, Http2Settings, UpstreamProtocol } from "#config/cluster.ts";
import type { Origin } from "#config/origin.ts";
import type { AppProtocol } from "#resources/app-protocol.ts";
import type { ConnectionPool } from "#resources/destination-rule/destination-rule.ts";
import type { Decided } from "./effective-policy.ts";

type ConnectionSettings = Pick<
  Cluster,
  "protocol" | "http2" | "multiplexing" | "maxConnectionDurationMs" | "tcpKeepalive"
>;

/** What is spoken on connections, and how they are kept: what the port declares, and what a rule says of it. */
export function connectionSettings(
  declared: AppProtocol,
  pool: ConnectionPool | undefined,
): ConnectionSettings {
  const protocol = protocolOf(declared, pool);
  const http2 = http2Of(pool);
  const { maxConnectionDurationMs, tcpKeepalive } = pool ?? {};
  return {
    ...(protocol !== undefined && { protocol }),
    ...(http2 !== undefined && { http2 }),
    ...(pool?.http2Upgrade === "never" && { multiplexing: "off" as const }),
    ...(maxConnectionDurationMs !== undefined && { maxConnectionDurationMs }),
    ...(tcpKeepalive !== undefined && { tcpKeepalive }),
  };
}

/** As Istio: only what is declared as HTTP/1.1 is upgraded, since of anything else it is not known whether it can be. */
function protocolOf(
  declared: AppProtocol,
  pool: ConnectionPool | undefined,
): UpstreamProtocol | undefined {
  if (pool?.usesClientProtocol) return "client";
  switch (declared) {
    case "http2":
    case "grpc":
    case "grpc-web":
      return "http2";
    case "http":
      return pool?.http2Upgrade === "upgrade" ? "http2" : undefined;
    case "unknown":
      return "client";
    default:
      return undefined;
  }
}

function http2Of(pool: ConnectionPool | undefined): Http2Settings | undefined {
  const { maxConcurrentStreams, http2KeepAlive } = pool ?? {};
  if (maxConcurrentStreams === undefined && http2KeepAlive === undefined) return undefined;
  return {
    ...(maxConcurrentStreams !== undefined && { maxConcurrentStreams }),
    ...(http2KeepAlive !== undefined && { keepAlive: { ...http2KeepAlive } }),
  };
}

/** Whose word the settings are, by their names; those that the port alone decides have none. */
export function connectionOrigins(
  pool: Decided<ConnectionPool> | undefined,
): Readonly<Record<string, Origin>> {
  if (pool === undefined) return {};
  const { value, origin } = pool;
  const { http2Upgrade, usesClientProtocol, maxConcurrentStreams, http2KeepAlive } = value;
  const isSaid = {
    protocol: usesClientProtocol || http2Upgrade === "upgrade",
    http2: maxConcurrentStreams !== undefined || http2KeepAlive !== undefined,
    multiplexing: http2Upgrade === "never",
    maxConnectionDurationMs: value.maxConnectionDurationMs !== undefined,
    tcpKeepalive: value.tcpKeepalive !== undefined,
  };
  const said = Object.entries(isSaid).filter(([, is]) => is);
  return Object.fromEntries(said.map(([path]) => [path, origin]));
}
