import { contextTag, TAG } from "./der/der-reader.ts";
import { encodeTime } from "./der/der-time.ts";
import {
  der,
  derBits,
  derBoolean,
  derOctetString,
  derOid,
  derSequence,
  derSmallInteger,
  derUnsigned,
} from "./der/der-writer.ts";
import { OID } from "./der/object-identifiers.ts";
import type { EncodedExtension } from "./encode-extensions.ts";
import type { SigningKey } from "./signing-key.ts";

export interface CertificateFields {
  /** Big-endian magnitude. */
  readonly serial: Uint8Array;
  /** Names as DER, see `encodeName`. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The subject's SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly EncodedExtension[];
}

/** Encodes and signs a version 3 certificate (RFC 5280 section 4.1). What it says is the caller's business. */
export function encodeCertificate(fields: CertificateFields, issuerKey: SigningKey): Uint8Array {
  const signed = derSequence(
    der(contextTag(0, true), derSmallInteger(2)),
    derUnsigned(fields.serial),
    issuerKey.algorithmDer,
    fields.issuer,
    derSequence(encodeTime(fields.notBeforeMs), encodeTime(fields.notAfterMs)),
    fields.subject,
    fields.publicKey,
    der(contextTag(3, true), encodeExtensionList(fields.extensions)),
  );
  return derSequence(signed, issuerKey.algorithmDer, derBits(issuerKey.sign(signed)));
}

export function encodeExtensionList(extensions: readonly EncodedExtension[]): Uint8Array {
  const encoded = extensions.map(({ oid, critical, value }) =>
    derSequence(derOid(oid), critical ? derBoolean(true) : new Uint8Array(), derOctetString(value)),
  );
  return derSequence(...encoded);
}

/** A distinguished name of at most an organisation and a common name; `{}` is the empty name. */
export function encodeName(name: {
  readonly organization?: string;
  readonly commonName?: string;
}): Uint8Array {
  const parts: Uint8Array[] = [];
  if (name.organization) parts.push(encodeNamePart(OID.organizationName, name.organization));
  if (name.commonName) parts.push(encodeNamePart(OID.commonName, name.commonName));
  return derSequence(...parts);
}

function encodeNamePart(oid: string, text: string): Uint8Array {
  const value = der(TAG.utf8String, new TextEncoder().encode(text));
  return der(TAG.set, derSequence(derOid(oid), value));
}
