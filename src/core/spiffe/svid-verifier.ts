import { createHash } from "node:crypto";
import { SpiffeError } from "./spiffe-error.ts";
import type { TrustBundle } from "./trust-bundle.ts";
import { CLOCK_SKEW_MS } from "./validity.ts";
import {
  CHAIN_BYTES_MAX,
  CHAIN_LENGTH_MAX,
  type SvidUse,
  type VerifiedSvid,
  verifySvid,
} from "./verify-svid.ts";

/**
 * `verifySvid` for one trust bundle, with the chains that it accepted remembered (least recently used forgotten):
 * peers reconnect with the same certificate all day. A changed bundle needs a new verifier. Refusals are not
 * remembered, and what was remembered is believed only inside the validity of its whole path.
 */
export class SvidVerifier {
  readonly bundle: TrustBundle;
  readonly #capacity: number;
  readonly #accepted = new Map<string, VerifiedSvid>();

  constructor(bundle: TrustBundle, capacity = 1024) {
    this.bundle = bundle;
    this.#capacity = capacity;
  }

  /** As `verifySvid`. */
  verify(chainDer: readonly Uint8Array[], use: SvidUse, nowMs: number): VerifiedSvid {
    const key = cacheKey(chainDer, use);
    const known = this.#accepted.get(key);
    this.#accepted.delete(key);
    const verified =
      known && isInside(known, nowMs) ? known : verifySvid(chainDer, this.bundle, use, nowMs);
    this.#remember(key, verified);
    return verified;
  }

  #remember(key: string, verified: VerifiedSvid): void {
    this.#accepted.set(key, verified);
    if (this.#accepted.size <= this.#capacity) return;
    for (const oldest of this.#accepted.keys()) {
      this.#accepted.delete(oldest);
      return;
    }
  }
}

const isInside = ({ notBeforeMs, notAfterMs }: VerifiedSvid, nowMs: number): boolean =>
  nowMs >= notBeforeMs - CLOCK_SKEW_MS && nowMs <= notAfterMs + CLOCK_SKEW_MS;

/** Covers every octet and where each certificate ends; oversized chains are refused before they are hashed. */
function cacheKey(chainDer: readonly Uint8Array[], use: SvidUse): string {
  const sizes = chainDer.map((der) => der.length);
  if (sizes.length > CHAIN_LENGTH_MAX || sizes.reduce((a, b) => a + b, 0) > CHAIN_BYTES_MAX)
    throw new SpiffeError("too-large", "a chain over the limits of length or size");
  const hash = createHash("sha256").update(`${use}:${sizes.join(",")}:`);
  for (const der of chainDer) hash.update(der);
  return hash.digest("base64");
}
