import type { KeyObject } from "node:crypto";
import { type Certificate, decodeCertificate } from "#core/spiffe/certificate.ts";
import { encodePem } from "#core/spiffe/der/pem.ts";
import { encodeCertificate, encodeName } from "#core/spiffe/encode-certificate.ts";
import {
  encodeBasicConstraints,
  encodeKeyUsage,
  encodeSubjectKeyId,
} from "#core/spiffe/encode-extensions.ts";
import { KEY_USAGE } from "#core/spiffe/extensions.ts";
import type { Validity } from "#core/spiffe/renewal.ts";
import { createSigningKey, type SigningKey } from "#core/spiffe/signing-key.ts";

/** The key that signs, and how its certificate leads to a root. */
export interface Authority {
  readonly certificate: Certificate;
  readonly signing: SigningKey;
  /** From the signing certificate to the last one below the root; empty when the root itself signs. */
  readonly intermediates: readonly Certificate[];
  /** The root that ends the chain first; more when others are trusted too, as in a root rotation. */
  readonly roots: readonly [Certificate, ...Certificate[]];
}

/** When the signing certificate and all above it are valid: nothing that it issues may outlive that. */
export function authorityValidity({ certificate, intermediates, roots }: Authority): Validity {
  const path = [certificate, ...intermediates, roots[0]];
  return {
    notBeforeMs: Math.max(...path.map(({ notBeforeMs }) => notBeforeMs)),
    notAfterMs: Math.min(...path.map(({ notAfterMs }) => notAfterMs)),
  };
}

/** Where the CA's key and certificates come from. Throws CaError `bad-ca-files` or `storage`. */
export interface AuthoritySource {
  load(): Promise<Authority>;
}

const ROOT_LIFE_MS = 10 * 365 * 24 * 3600 * 1000;
const BACKDATE_MS = 2 * 60_000;

/** A new self-signed root of ten years for `trustDomain`. */
export function selfSignRoot(
  privateKey: KeyObject,
  about: { readonly trustDomain: string; readonly serial: Uint8Array; readonly nowMs: number },
): Certificate {
  const signing = createSigningKey(privateKey);
  // X.520 allows an organisation 64 characters; the name only helps people, chains are bound by keys.
  const organization = about.trustDomain.slice(0, 64);
  const name = encodeName({ organization, commonName: "Weft root CA" });
  const der = encodeCertificate(
    {
      serial: about.serial,
      issuer: name,
      subject: name,
      notBeforeMs: about.nowMs - BACKDATE_MS,
      notAfterMs: about.nowMs + ROOT_LIFE_MS,
      publicKey: signing.publicKey.der,
      extensions: [
        encodeBasicConstraints({ isCa: true, pathLength: undefined }),
        encodeKeyUsage(KEY_USAGE.keyCertSign | KEY_USAGE.crlSign),
        encodeSubjectKeyId(signing.publicKey.bits),
      ],
    },
    signing,
  );
  return decodeCertificate(der);
}

export function certificatePem(certificate: Certificate): string {
  return encodePem("CERTIFICATE", certificate.der);
}
