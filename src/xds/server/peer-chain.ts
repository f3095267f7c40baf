import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { XdsError } from "../xds-error.ts";
import type { PeerIdentity, VerifyPeer } from "./peer-identity.ts";

/** A chain longer than this is nobody's. */
const CHAIN_MAX = 10;

/** What the client's certificate proves: an identity, or why not; neither when none was shown. */
export interface PeerProof {
  readonly peer: PeerIdentity | undefined;
  readonly problem: XdsError | undefined;
}

/** Verified again for every call, since dates pass and roots change while a connection lives. */
export function provePeer(call: unknown, verifyPeer: VerifyPeer): PeerProof {
  const chain = peerChain(call);
  if (chain.length === 0) return { peer: undefined, problem: undefined };
  try {
    return { peer: verifyPeer(chain), problem: undefined };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem = new XdsError(
      "unauthenticated",
      `the client certificate was refused: ${reason}`,
      cause,
    );
    return { peer: undefined, problem };
  }
}

/** DER certificates that the client sent, leaf first. */
function peerChain(call: unknown): readonly Uint8Array[] {
  const socket = socketOf(call);
  if (socket === undefined) return [];
  const chain: Uint8Array[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < CHAIN_MAX) {
    chain.push(certificate.raw);
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return chain;
}

/**
 * The library gives the leaf only, and only when its own check passed; SPIFFE needs the intermediates and its own
 * check. So the connection is looked up where the library keeps it: handler call → server call → HTTP/2 stream.
 */
function socketOf(call: unknown): TLSSocket | undefined {
  let inner = field(call, "call");
  for (let depth = 0; depth < 8 && field(inner, "stream") === undefined; depth++)
    inner = field(inner, "nextCall") ?? field(inner, "call");
  const socket = field(field(field(inner, "stream"), "session"), "socket");
  return typeof field(socket, "getPeerCertificate") === "function"
    ? (socket as TLSSocket)
    : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
