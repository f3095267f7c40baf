import { constants } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** A certificate with its key, as PEM. */
export interface TlsCredentials {
  /** Leaf first, then the intermediates; no root. */
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/**
 * One certificate made ready for handshakes on both sides. Make one per identity and version and share it: a context is
 * 50 to 100 KB, and a new one for every certificate is what rotation means.
 */
export interface TlsContext {
  readonly server: SecureContext;
  readonly client: SecureContext;
}

/** Ciphers of Istio's mesh TLS for TLS 1.2, and those of TLS 1.3: authenticated encryption only. */
export const TLS_CIPHERS: readonly string[] = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-GCM-SHA256",
];

/**
 * Throws an Error when the PEM is broken or the key is not the certificate's. Without credentials: for clients that show
 * no certificate. No session tickets: a ticket would outlive the certificate that its owner was verified by.
 */
export function createTlsContext(
  credentials: TlsCredentials | undefined,
  minVersion: TlsVersion = "TLSv1.2",
): TlsContext {
  const options = {
    ...(credentials && {
      cert: credentials.certificateChainPem,
      key: credentials.privateKeyPem,
    }),
    ciphers: TLS_CIPHERS.join(":"),
    honorCipherOrder: true,
    minVersion,
    maxVersion: "TLSv1.3" as const,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
  return { server: createSecureContext(options), client: createSecureContext(options) };
}
