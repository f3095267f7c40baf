/** An identity as it is kept on disk and handed to other workers of the same proxy. Holds the private key. */
export interface KeptIdentity {
  readonly keyPem: string;
  /** Leaf first; what came along as roots last. */
  readonly certificatesPem: readonly string[];
  /** The trust bundle in force. */
  readonly rootsPem: readonly string[];
}
