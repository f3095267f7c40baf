import { encodeCertificate } from "#core/spiffe/encode-certificate.ts";
import {
  type EncodedExtension,
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeKeyUsage,
  encodeSubjectKeyId,
} from "#core/spiffe/encode-extensions.ts";
import { KEY_USAGE } from "#core/spiffe/extensions.ts";
import type { PublicKey } from "#core/spiffe/public-key.ts";
import type { Authority } from "../root/authority.ts";

/** What a leaf says; the rest is the same for all that we issue. */
export interface LeafPlan {
  readonly publicKey: PublicKey;
  /** A name as DER. */
  readonly subject: Uint8Array;
  /** Usage and names. */
  readonly extensions: readonly EncodedExtension[];
}

const SERIAL_BYTES = 16;

/** Signs a leaf: never a CA, digitalSignature and keyEncipherment, a random serial number of 128 bits. Returns its DER. */
export function signLeaf(
  authority: Authority,
  leaf: LeafPlan,
  window: { readonly notBeforeMs: number; readonly notAfterMs: number },
  randomBytes: (count: number) => Uint8Array,
): Uint8Array {
  const issuer = authority.certificate;
  const keyId = issuer.extensions.subjectKeyId;
  return encodeCertificate(
    {
      serial: serialNumber(randomBytes),
      issuer: issuer.subject,
      subject: leaf.subject,
      ...window,
      publicKey: leaf.publicKey.der,
      extensions: [
        encodeKeyUsage(KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment),
        encodeBasicConstraints({ isCa: false, pathLength: undefined }),
        encodeSubjectKeyId(leaf.publicKey.bits),
        ...(keyId ? [encodeAuthorityKeyId(keyId)] : []),
        ...leaf.extensions,
      ],
    },
    authority.signing,
  );
}

/** 128 random bits; zero, which RFC 5280 forbids, is drawn again. */
export function serialNumber(randomBytes: (count: number) => Uint8Array): Uint8Array {
  const serial = randomBytes(SERIAL_BYTES);
  return serial.some((octet) => octet !== 0) ? serial : serialNumber(randomBytes);
}
