import type { SpiffeId } from "#core/spiffe/spiffe-id.ts";

/** Proof of who a caller is. Only the functions of this folder make one. */
export interface Attested {
  /** `token` at first, `certificate` when it renews. */
  readonly by: "token" | "certificate";
  readonly id: SpiffeId;
  /**
   * Spends the proof for the key of a request that is about to be signed; throws CaError `spent-token`. The same key again
   * costs nothing, so that a caller whose answer was lost can ask again. Called after all other checks.
   */
  redeem(publicKeyHash: string): Promise<void>;
}

/** Checks a bearer token. Join tokens are one; a cluster's account tokens can be another. Throws CaError. */
export interface TokenCheck {
  attest(token: string): Promise<Attested>;
}
