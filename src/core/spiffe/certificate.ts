import { contextTag, type DerElement, DerReader, TAG } from "./der/der-reader.ts";
import { decodeTime } from "./der/der-time.ts";
import type { SignatureAlgorithm } from "./der/object-identifiers.ts";
import { decodeExtensions, type Extensions, noExtensions } from "./extensions.ts";
import { isSignedBy, type PublicKey, readPublicKey, readSignatureAlgorithm } from "./public-key.ts";
import { SpiffeError } from "./spiffe-error.ts";

/** A certificate as it was read: nothing about it is trusted yet. */
export interface Certificate {
  readonly der: Uint8Array;
  /** What the issuer signed: views on `der`. */
  readonly signed: Uint8Array;
  readonly signature: { readonly algorithm: SignatureAlgorithm; readonly octets: Uint8Array };
  readonly serial: Uint8Array;
  /** Names as their DER; chains compare them octet by octet. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: PublicKey;
  readonly extensions: Extensions;
}

/** Room for an RSA 8192 key, a signature of one, and a long list of names. */
export const CERTIFICATE_BYTES_MAX = 16 * 1024;
/** RFC 5280 section 4.1.2.2. */
const SERIAL_BYTES_MAX = 20;
const VERSION_3 = 2;

/** Decodes one strict DER certificate, nothing before or after it; throws SpiffeError and nothing else. */
export function decodeCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_BYTES_MAX)
    throw new SpiffeError("too-large", `a certificate over ${CERTIFICATE_BYTES_MAX} bytes`);
  const outer = new DerReader(der);
  const fields = outer.sequence();
  outer.end();
  const signed = fields.expect(TAG.sequence);
  const algorithm = fields.expect(TAG.sequence).whole;
  const octets = fields.octetAlignedBits();
  fields.end();
  return {
    der,
    signed: signed.whole,
    signature: { algorithm: readSignatureAlgorithm(algorithm), octets },
    ...decodeSigned(signed, algorithm),
  };
}

type Signed = Omit<Certificate, "der" | "signed" | "signature">;

/** TBSCertificate, RFC 5280 section 4.1. */
function decodeSigned({ content }: DerElement, outerAlgorithm: Uint8Array): Signed {
  const fields = new DerReader(content);
  decodeVersion(fields);
  const serial = decodeSerial(fields);
  // The algorithm stands inside and outside of what is signed; a difference would let it be swapped.
  if (!sameOctets(fields.expect(TAG.sequence).whole, outerAlgorithm))
    throw malformed("two different signature algorithms");
  const issuer = fields.expect(TAG.sequence).whole;
  const validity = fields.sequence();
  const notBeforeMs = decodeTime(validity);
  const notAfterMs = decodeTime(validity);
  validity.end();
  const subject = fields.expect(TAG.sequence).whole;
  const publicKey = readPublicKey(fields.expect(TAG.sequence).whole);
  const extensions = decodeExtensionField(fields);
  fields.end();
  return { serial, issuer, subject, notBeforeMs, notAfterMs, publicKey, extensions };
}

function decodeVersion(fields: DerReader): void {
  const explicit = new DerReader(fields.expect(contextTag(0, true)).content);
  if (explicit.smallInteger() !== VERSION_3) throw malformed("a version other than 3");
  explicit.end();
}

function decodeSerial(fields: DerReader): Uint8Array {
  const serial = fields.integer();
  const positive = (serial[0] ?? 0x80) < 0x80 && serial.some((octet) => octet !== 0);
  if (!positive || serial.length > SERIAL_BYTES_MAX)
    throw malformed("a serial number that is not positive and at most 20 octets");
  return serial;
}

function decodeExtensionField(fields: DerReader): Extensions {
  const explicit = fields.optional(contextTag(3, true));
  if (!explicit) return noExtensions;
  const outer = new DerReader(explicit.content);
  const list = outer.sequence();
  outer.end();
  return decodeExtensions(list);
}

/** Whether the key of `issuer` made the signature of `certificate`. Says nothing about rights or time. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return (
    sameOctets(certificate.issuer, issuer.subject) &&
    isSignedBy(issuer.publicKey, certificate.signed, certificate.signature)
  );
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

const malformed = (what: string): SpiffeError =>
  new SpiffeError("malformed-certificate", `a certificate with ${what}`);
