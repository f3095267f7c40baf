import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import type { TrustBundle } from "#core/spiffe/trust-bundle.ts";
import { verifySvid } from "#core/spiffe/verify-svid.ts";
import { CaError } from "../ca-error.ts";
import type { Attested } from "./attested.ts";

/**
 * A peer that showed its current certificate in the handshake may renew that identity, and no other. Throws CaError
 * `bad-certificate`, or `foreign-identity` for a federated trust domain: its own CA renews it.
 */
export function attestByCertificate(
  chainDer: readonly Uint8Array[],
  bundle: TrustBundle,
  nowMs: number,
): Attested {
  try {
    const { id, identity } = verifySvid(chainDer, bundle, "client", nowMs);
    if (identity?.trustDomain !== bundle.trustDomain)
      throw new CaError("foreign-identity", `${id} is no account of ${bundle.trustDomain}`);
    return { by: "certificate", id, redeem: () => Promise.resolve() };
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    throw new CaError("bad-certificate", `peer certificate: ${cause.message}`, { cause });
  }
}

/** A peer whose chain the TLS port has verified already may renew that identity, and no other. */
export function attestPeer(identity: Parameters<typeof spiffeIdOf>[0]): Attested {
  return { by: "certificate", id: spiffeIdOf(identity), redeem: () => Promise.resolve() };
}
