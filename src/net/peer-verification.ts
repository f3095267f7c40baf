import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { NetError } from "./net-error.ts";
import type { TlsFacts } from "./transport.ts";

/** Leaf first. Returns what becomes `TlsFacts.identity`; whatever it throws closes the connection, as `cause`. */
export type VerifyPeer = (chainDer: readonly Uint8Array[]) => unknown;

/** More than any verifier accepts; the rest is not even looked at. */
const CHAIN_LENGTH_MAX = 16;

export interface VerificationPlan {
  readonly verifyPeer: VerifyPeer;
  /** Refuses a peer without a certificate; otherwise its identity is undefined and nobody verifies. */
  readonly isRequired: boolean;
}

/**
 * Looks at the peer of a finished handshake before a byte of it is used. Throws NetError `peer-refused`. The runtime's
 * own verdict is not asked: it holds host names against certificates that have none.
 */
export function readTlsFacts(socket: TLSSocket, plan: VerificationPlan, sni: string): TlsFacts {
  const chainDer = chainOf(socket);
  return {
    identity: verify(chainDer, plan),
    chainDer,
    alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : "",
    sni,
    version: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
  };
}

function verify(chainDer: readonly Uint8Array[], plan: VerificationPlan): unknown {
  if (chainDer.length === 0) {
    if (plan.isRequired) throw new NetError("peer-refused", "it showed no certificate");
    return undefined;
  }
  try {
    return plan.verifyPeer(chainDer);
  } catch (cause) {
    throw new NetError(
      "peer-refused",
      cause instanceof Error ? cause.message : String(cause),
      cause,
    );
  }
}

/** On `node:tls` sockets `true` gives the chain, each certificate with its issuer, a root with itself. */
function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let at: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  let last: unknown;
  while (at?.raw !== undefined && at !== last && chain.length < CHAIN_LENGTH_MAX) {
    chain.push(at.raw);
    last = at;
    at = at.issuerCertificate;
  }
  return chain;
}
