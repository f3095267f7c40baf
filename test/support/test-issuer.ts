import { DerReader, TAG } from "#core/spiffe/der/der-reader.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { decodePem, encodePem } from "#core/spiffe/der/pem.ts";
import { encodeCertificate, encodeName } from "#core/spiffe/encode-certificate.ts";
import {
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltNames,
} from "#core/spiffe/encode-extensions.ts";
import { KEY_USAGE } from "#core/spiffe/extensions.ts";
import { type TestCertificate, testCa } from "./certificates.ts";

/** A CA in the test's own process: signs whatever CSR it is given. */
export interface TestIssuer {
  readonly root: TestCertificate;
  /** PEM, leaf first, root last. */
  issue(csrPem: string, id: string): readonly string[];
}

let serial = 1;

export function testIssuer(validity: {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}): TestIssuer {
  const root = testCa(validity);
  const issue = (csrPem: string, id: string): readonly string[] => {
    const leaf = encodeCertificate(
      {
        serial: Uint8Array.of(2, serial++),
        issuer: root.subject,
        subject: encodeName({}),
        ...validity,
        publicKey: publicKeyOf(csrPem),
        extensions: [
          encodeBasicConstraints({ isCa: false, pathLength: undefined }),
          encodeKeyUsage(KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment),
          encodeExtendedKeyUsage([OID.serverAuth, OID.clientAuth]),
          encodeSubjectAltNames({ uris: [id] }, true),
        ],
      },
      root.signing,
    );
    return [encodePem("CERTIFICATE", leaf), root.pem];
  };
  return { root, issue };
}

/** SubjectPublicKeyInfo of a PKCS #10 request (RFC 2986), whose signature nobody checks here. */
function publicKeyOf(csrPem: string): Uint8Array {
  const [block] = decodePem(csrPem);
  const info = new DerReader(block?.der ?? new Uint8Array()).sequence().sequence();
  info.expect(TAG.integer);
  info.expect(TAG.sequence);
  return info.expect(TAG.sequence).whole;
}
