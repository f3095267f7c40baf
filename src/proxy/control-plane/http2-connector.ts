import { connect } from "#net/connect.ts";
import { NetError } from "#net/net-error.ts";
import type { VerifyPeer } from "#net/peer-verification.ts";
import { addressText } from "#net/socket-address.ts";
import type { TlsContext } from "#net/tls-context.ts";
import type { Transport } from "#net/transport.ts";
import type { ConnectHttp2 } from "#xds/client/http2-session.ts";
import { openSession } from "#xds/client/open-session.ts";
import { XdsError } from "#xds/xds-error.ts";

export interface Http2Target {
  readonly host: string;
  readonly port: number;
  /** What this side shows, if anything. */
  readonly context: TlsContext;
  /** Throws when the server is not to be trusted; nothing is sent before. */
  readonly verifyServer: VerifyPeer;
  /** For TCP, and again for the handshake. */
  readonly connectTimeoutMs: number;
}

/** `target` is asked at every connection, so that a rotated certificate is used from the next one on. */
export function http2Connector(target: () => Http2Target): ConnectHttp2 {
  return async (signal) => {
    const now = target();
    const transport = await dial(now, signal);
    if (transport.tls?.alpn === "h2") return openSession(transport);
    transport.destroy();
    const where = addressText(now.host, now.port);
    throw new XdsError("unavailable", `cannot connect to ${where}: it does not speak HTTP/2`);
  };
}

async function dial(target: Http2Target, signal: AbortSignal): Promise<Transport> {
  const { host, port, context, verifyServer: verifyPeer, connectTimeoutMs } = target;
  try {
    return await connect({
      address: { host, port },
      tls: { context, serverName: host, alpn: ["h2"], verifyPeer },
      connectTimeoutMs,
      handshakeTimeoutMs: connectTimeoutMs,
      signal,
    });
  } catch (cause) {
    throw dialFailure(cause, addressText(host, port));
  }
}

function dialFailure(cause: unknown, where: string): XdsError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof NetError && cause.code === "drained")
    return new XdsError("cancelled", `connecting to ${where} was given up`, cause);
  if (cause instanceof NetError && cause.code === "peer-refused")
    return new XdsError(
      "untrusted-server",
      `the server at ${where} was not trusted: ${message}`,
      cause,
    );
  return new XdsError("unavailable", `cannot connect to the control plane: ${message}`, cause);
}
