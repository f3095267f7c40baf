interface SpiffeErrorFacts {
  /** Whose doing it is: the other side's certificate, or what this process was configured with. */
  readonly fault: "peer" | "local";
  readonly meaning: string;
}

const FACTS = {
  "malformed-id": { fault: "peer", meaning: "a name that breaks the SPIFFE ID specification" },
  "malformed-certificate": { fault: "peer", meaning: "bytes that are no strict DER certificate" },
  "too-large": { fault: "peer", meaning: "a certificate, name or chain over its size limit" },
  "no-certificate": { fault: "peer", meaning: "the peer showed no certificate" },
  "unsupported-algorithm": { fault: "peer", meaning: "a signature or key type outside our list" },
  "weak-key": { fault: "peer", meaning: "an RSA key under 2048 bits, or a curve outside our list" },
  "critical-extension": { fault: "peer", meaning: "a critical extension that we do not enforce" },
  "uri-san-count": { fault: "peer", meaning: "not exactly one URI name in the leaf" },
  "leaf-is-ca": { fault: "peer", meaning: "a leaf with CA rights" },
  "key-usage": {
    fault: "peer",
    meaning: "key usage without digitalSignature, or with signing rights",
  },
  "extended-key-usage": { fault: "peer", meaning: "not allowed for this side of a connection" },
  "not-yet-valid": { fault: "peer", meaning: "its validity begins in the future" },
  expired: { fault: "peer", meaning: "its validity is over" },
  "untrusted-domain": {
    fault: "peer",
    meaning: "a trust domain that is neither ours nor federated",
  },
  "unknown-issuer": { fault: "peer", meaning: "no chain to a root of its trust domain" },
  "bad-signature": { fault: "peer", meaning: "a signature that its issuer's key did not make" },
  "issuer-not-ca": { fault: "peer", meaning: "an issuer without the right to issue" },
  "path-too-long": { fault: "peer", meaning: "more intermediates than an issuer allows" },
  "identity-mismatch": {
    fault: "peer",
    meaning: "a valid identity, but not one that was expected",
  },
  "bad-bundle": { fault: "local", meaning: "trust roots that cannot be used" },
  "bad-key": { fault: "local", meaning: "a private key that cannot be used" },
} as const satisfies Record<string, SpiffeErrorFacts>;

export type SpiffeErrorCode = keyof typeof FACTS;

export const spiffeErrors: Readonly<Record<SpiffeErrorCode, SpiffeErrorFacts>> = FACTS;

/** Everything that reading, verifying or making an identity can refuse. */
export class SpiffeError extends Error {
  override readonly name = "SpiffeError";
  readonly code: SpiffeErrorCode;

  constructor(code: SpiffeErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get facts(): SpiffeErrorFacts {
    return FACTS[this.code];
  }
}
