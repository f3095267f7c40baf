/** Who the other end of a connection has proven to be by its X.509-SVID: `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. */
export interface PeerIdentity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * Verifies a peer's chain (DER, leaf first). Throws with a reason for the operator when it does not lead to a
 * trusted root, is out of its dates, or names no workload.
 */
export type VerifyPeer = (chainDer: readonly Uint8Array[]) => PeerIdentity;
