import { createTlsContext } from "#net/tls-context.ts";
import { http2Connector } from "#proxy/control-plane/http2-connector.ts";
import type { ConnectHttp2 } from "#xds/client/http2-session.ts";
import type { TestAuthority, TestIdentity } from "./test-certificates.ts";

export interface TestTarget {
  readonly port: number;
  /** Absent: no certificate is shown. */
  readonly identity?: TestIdentity;
  /** Whom the server has to come from. */
  readonly authority: TestAuthority;
  readonly host?: string;
  readonly connectTimeoutMs?: number;
}

/** Connects as proxies do to their control plane, on loopback. */
export function controlPlaneConnector(target: () => TestTarget): ConnectHttp2 {
  return http2Connector(() => {
    const { port, identity, authority, host = "127.0.0.1", connectTimeoutMs = 5_000 } = target();
    const { verify: verifyServer } = authority;
    return { host, port, context: contextOf(identity), verifyServer, connectTimeoutMs };
  });
}

function contextOf(identity: TestIdentity | undefined) {
  if (identity === undefined) return createTlsContext(undefined);
  const { chainPem: certificateChainPem, keyPem: privateKeyPem } = identity;
  return createTlsContext({ certificateChainPem, privateKeyPem });
}
