import type { CertificateRequest } from "../messages/certificate.ts";
import type { PeerIdentity } from "../server/peer-identity.ts";

/** A CSR with whatever proves who sends it; at least one of `bearer` and `peer`. */
export interface SigningRequest extends CertificateRequest {
  /** Join token, from `authorization: Bearer`. */
  readonly bearer?: string;
  /** Who the caller's current certificate proves it to be. */
  readonly peer?: PeerIdentity;
}

/**
 * Resolves to PEM certificates, leaf first, root last. Rejects with XdsError, whose code becomes the status:
 * `unauthenticated`, `permission-denied`, `invalid`, `resource-exhausted`, `unavailable`; any other error is reported
 * to the caller as `internal` without its text.
 */
export type IssueCertificate = (request: SigningRequest) => Promise<readonly string[]>;
