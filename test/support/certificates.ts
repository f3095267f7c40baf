import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodePem } from "#core/spiffe/der/pem.ts";
import { encodeCertificate, encodeName } from "#core/spiffe/encode-certificate.ts";
import {
  type EncodedExtension,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltNames,
  encodeSubjectKeyId,
} from "#core/spiffe/encode-extensions.ts";
import { KEY_USAGE } from "#core/spiffe/extensions.ts";
import { createSigningKey, type SigningKey } from "#core/spiffe/signing-key.ts";

/** Certificates as a test wants them, right or wrong, with real keys and real signatures. */
export interface TestCertificate {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly privateKey: KeyObject;
  readonly signing: SigningKey;
  readonly subject: Uint8Array;
}

export interface TestCertificateOptions {
  readonly issuer?: TestCertificate;
  readonly name?: string;
  readonly key?: KeyObject;
  /** Over the defaults, by object identifier; `undefined` leaves the extension out. */
  readonly extensions?: Readonly<Record<string, EncodedExtension | undefined>>;
  readonly extra?: readonly EncodedExtension[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

/** The moment at which the tests' certificates are valid, an hour to each side. */
export const TEST_NOW_MS = Date.UTC(2026, 2, 1);
const HOUR_MS = 3600_000;
let serial = 1;

export const ecKey = (namedCurve = "prime256v1"): KeyObject =>
  generateKeyPairSync("ec", { namedCurve }).privateKey;

/** A CA; without an issuer a self-signed root. */
export function testCa(options: TestCertificateOptions = {}): TestCertificate {
  return build(options.name ?? "test root", options, {
    [OID.basicConstraints]: encodeBasicConstraints({ isCa: true, pathLength: undefined }),
    [OID.keyUsage]: encodeKeyUsage(KEY_USAGE.keyCertSign | KEY_USAGE.crlSign),
  });
}

/** A leaf that every rule of the X.509-SVID specification accepts, unless the options say otherwise. */
export function testSvid(
  issuer: TestCertificate,
  id: string,
  options: TestCertificateOptions = {},
): TestCertificate {
  return build(
    options.name,
    { issuer, ...options },
    {
      [OID.basicConstraints]: encodeBasicConstraints({ isCa: false, pathLength: undefined }),
      [OID.keyUsage]: encodeKeyUsage(KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment),
      [OID.extendedKeyUsage]: encodeExtendedKeyUsage([OID.serverAuth, OID.clientAuth]),
      [OID.subjectAltName]: encodeSubjectAltNames({ uris: [id] }, true),
    },
  );
}

function build(
  name: string | undefined,
  options: TestCertificateOptions,
  defaults: Readonly<Record<string, EncodedExtension>>,
): TestCertificate {
  const privateKey = options.key ?? ecKey();
  const signing = createSigningKey(privateKey);
  const subject = encodeName(name === undefined ? {} : { commonName: name });
  const chosen = Object.values({ ...defaults, ...options.extensions });
  const der = encodeCertificate(
    {
      serial: Uint8Array.of(1, serial++ >> 8, serial & 0xff),
      issuer: options.issuer?.subject ?? subject,
      subject,
      notBeforeMs: options.notBeforeMs ?? TEST_NOW_MS - HOUR_MS,
      notAfterMs: options.notAfterMs ?? TEST_NOW_MS + HOUR_MS,
      publicKey: signing.publicKey.der,
      extensions: [
        ...chosen.filter((extension) => extension !== undefined),
        encodeSubjectKeyId(signing.publicKey.bits),
        ...(options.extra ?? []),
      ],
    },
    options.issuer?.signing ?? signing,
  );
  return { der, pem: encodePem("CERTIFICATE", der), privateKey, signing, subject };
}
