import { createHash } from "node:crypto";
import { contextTag, TAG } from "./der/der-reader.ts";
import {
  der,
  derBoolean,
  derOctetString,
  derOid,
  derSequence,
  derSmallInteger,
} from "./der/der-writer.ts";
import { OID } from "./der/object-identifiers.ts";
import type { BasicConstraints } from "./extensions.ts";

export interface EncodedExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** The DER inside the extension's OCTET STRING. */
  readonly value: Uint8Array;
}

export function encodeBasicConstraints({ isCa, pathLength }: BasicConstraints): EncodedExtension {
  const fields: Uint8Array[] = [];
  if (isCa) fields.push(derBoolean(true)); // DEFAULT FALSE is not written
  if (pathLength !== undefined) fields.push(derSmallInteger(pathLength));
  return { oid: OID.basicConstraints, critical: true, value: derSequence(...fields) };
}

/** `bits` as in KEY_USAGE, only the first nine count. */
export function encodeKeyUsage(bits: number): EncodedExtension {
  const octets = bits & 0xff ? [bits >> 8, bits & 0xff] : [bits >> 8];
  const last = octets.at(-1) ?? 0;
  const unused = last === 0 ? 0 : 31 - Math.clz32(last & -last);
  return {
    oid: OID.keyUsage,
    critical: true,
    value: der(TAG.bitString, Uint8Array.of(unused, ...octets)),
  };
}

export function encodeExtendedKeyUsage(oids: readonly string[]): EncodedExtension {
  const value = derSequence(...oids.map(derOid));
  return { oid: OID.extendedKeyUsage, critical: false, value };
}

export interface EncodableNames {
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  /** Octets of IPv4 (4) or IPv6 (16) addresses. */
  readonly ipAddresses?: readonly Uint8Array[];
}

/** Critical when the certificate's subject is empty (RFC 5280 section 4.2.1.6). */
export function encodeSubjectAltNames(names: EncodableNames, critical: boolean): EncodedExtension {
  const ascii = (tag: number, text: string) => der(tag, new TextEncoder().encode(text));
  const value = derSequence(
    ...(names.uris ?? []).map((uri) => ascii(contextTag(6, false), uri)),
    ...(names.dnsNames ?? []).map((name) => ascii(contextTag(2, false), name)),
    ...(names.ipAddresses ?? []).map((address) => der(contextTag(7, false), address)),
  );
  return { oid: OID.subjectAltName, critical, value };
}

/** `keyBits` are those of the subject's public key. */
export function encodeSubjectKeyId(keyBits: Uint8Array): EncodedExtension {
  const value = derOctetString(keyIdOf(keyBits));
  return { oid: OID.subjectKeyIdentifier, critical: false, value };
}

/** `keyId` is the issuer's own subject key identifier. */
export function encodeAuthorityKeyId(keyId: Uint8Array): EncodedExtension {
  const value = derSequence(der(contextTag(0, false), keyId));
  return { oid: OID.authorityKeyIdentifier, critical: false, value };
}

/** RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the key's bits. */
function keyIdOf(keyBits: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(keyBits).digest().subarray(0, 20));
}
