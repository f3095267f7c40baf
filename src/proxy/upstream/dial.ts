import type { Cluster } from "#config/cluster.ts";
import type { SocketAddress } from "#config/socket-address.ts";
import { checkIdentity } from "#core/spiffe/secure-naming.ts";
import { readSpiffeId, type SpiffeId } from "#core/spiffe/spiffe-id.ts";
import type { SvidVerifier } from "#core/spiffe/svid-verifier.ts";
import { type ClientTls, type ConnectOptions, connect } from "#net/connect.ts";
import { NetError } from "#net/net-error.ts";
import type { TlsContext } from "#net/tls-context.ts";
import type { Transport } from "#net/transport.ts";
import type { Failure } from "../local-reply.ts";
import type { Host } from "./host.ts";
import type { Resolve } from "./resolved-names.ts";
import { upstreamFailure } from "./upstream-failure.ts";

/** What this proxy shows and whom it believes, at the moment of a handshake. */
export interface DialIdentity {
  readonly context: TlsContext;
  readonly verifier: SvidVerifier;
}

export interface DialSurroundings {
  /** A text instead: why there is no mutual TLS now. */
  readonly identity: () => DialIdentity | string;
  readonly wallMs: () => number;
  /** Addresses of a name; absent: as the system resolves names. */
  readonly lookup?: Resolve;
}

/** TCP inside Istio's mutual TLS. */
export const TCP_ALPN: readonly string[] = ["istio"];

/** Told once; the transport reads nothing before somebody is attached. */
export interface DialOutcome {
  /** `credentials`: what was shown of this side, the same object for the same certificate; undefined for nothing. */
  connected(transport: Transport, credentials: unknown): void;
  failed(failure: Failure): void;
}

/** Connects to one host of a cluster, by mutual TLS where both sides can, checking that the host is who it should be. */
export function dialHost(
  { identity, wallMs, lookup }: DialSurroundings,
  cluster: Cluster,
  host: Host,
  alpn: readonly string[],
  outcome: DialOutcome,
): void {
  const what = `${cluster.destination?.host ?? cluster.name} at ${host.address}`;
  let tls: ClientTls | undefined;
  if (usesMutualTls(cluster, host)) {
    const own = identity();
    if (typeof own === "string") {
      outcome.failed({ code: "own-certificate-expired", message: `${what}: ${own}` });
      return;
    }
    tls = clientTls(cluster, host, own, alpn, wallMs);
  }
  connect({
    address: dialAddress(host.endpoint.address),
    connectTimeoutMs: cluster.connectTimeoutMs,
    ...(cluster.tcpKeepalive && { tcpKeepalive: cluster.tcpKeepalive }),
    ...(lookup && { lookup }),
    ...(tls && { tls }),
  }).then(
    (transport) => outcome.connected(transport, tls?.context),
    (cause: unknown) => {
      const error =
        cause instanceof NetError ? cause : new NetError("connect-failed", String(cause), cause);
      outcome.failed(upstreamFailure(error, { what, mayBeStale: false, hasAnswered: false }));
    },
  );
}

function dialAddress({ host, port, path }: SocketAddress): ConnectOptions["address"] {
  return path === undefined ? { host, port } : { path };
}

export function usesMutualTls({ transport }: Cluster, { endpoint }: Host): boolean {
  if (transport.kind === "plain") return false;
  if (transport.kind === "mtls") return true;
  return endpoint.transports.includes("istio-mtls") && endpoint.identities.length > 0;
}

function clientTls(
  { transport, name }: Cluster,
  { endpoint, address }: Host,
  { context, verifier }: DialIdentity,
  alpn: readonly string[],
  wallMs: () => number,
): ClientTls {
  const extra = transport.kind === "plain" ? [] : transport.extraIdentities;
  const expected = new Set<SpiffeId>([...endpoint.identities, ...extra].map(readSpiffeId));
  return {
    context,
    serverName: transport.kind === "plain" ? undefined : transport.sni,
    alpn,
    verifyPeer: (chainDer) => {
      const svid = verifier.verify(chainDer, "server", wallMs());
      checkIdentity(svid.id, expected, `${name} at ${address}`);
      return svid;
    },
  };
}
