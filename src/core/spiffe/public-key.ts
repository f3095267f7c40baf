import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { DerReader } from "./der/der-reader.ts";
import {
  CURVES,
  OID,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "./der/object-identifiers.ts";
import { SpiffeError } from "./spiffe-error.ts";

/** A public key of a kind and strength that the mesh accepts. */
export interface PublicKey {
  readonly kind: SignatureAlgorithm["keyKind"];
  /** The SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
  /** The bits of the key itself, without the algorithm: what key identifiers are made of. */
  readonly bits: Uint8Array;
}

const RSA_BITS_MIN = 2048;
/** Checking a signature costs with the size; 8192 bits already cost 20 times what 2048 do. */
const RSA_BITS_MAX = 8192;

/**
 * Reads a SubjectPublicKeyInfo: EC P-256 or P-384, RSA of 2048 to 8192 bits, Ed25519. Throws SpiffeError
 * `weak-key`, `unsupported-algorithm` or `malformed-certificate`.
 */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const outer = new DerReader(spki);
  const fields = outer.sequence();
  outer.end();
  const algorithm = fields.sequence();
  const bits = fields.octetAlignedBits();
  fields.end();
  const kind = readKeyKind(algorithm, bits);
  algorithm.end();
  return { kind, der: spki, bits };
}

function readKeyKind(algorithm: DerReader, bits: Uint8Array): PublicKey["kind"] {
  const oid = algorithm.oid();
  if (oid === OID.ecPublicKey) return readEcKind(algorithm.oid(), bits);
  if (oid === OID.rsaEncryption) {
    if (algorithm.expect(0x05).content.length > 0) throw unsupported("an RSA key with parameters");
    checkRsaSize(bits);
    return "rsa";
  }
  if (oid === OID.ed25519 && bits.length === 32) return "ed25519";
  throw unsupported(`a public key of type ${oid}; use EC P-256 or P-384, RSA or Ed25519`);
}

function readEcKind(curve: string, bits: Uint8Array): "ec" {
  const name = CURVES.get(curve);
  if (name === undefined)
    throw new SpiffeError("weak-key", `a key on curve ${curve}; use P-256 or P-384`);
  const pointBytes = name === "prime256v1" ? 65 : 97;
  if (bits.length !== pointBytes || bits[0] !== 0x04)
    throw unsupported("an elliptic curve point that is not uncompressed");
  return "ec";
}

function checkRsaSize(bits: Uint8Array): void {
  const outer = new DerReader(bits);
  const fields = outer.sequence();
  outer.end();
  const modulus = fields.integer();
  const exponent = fields.smallInteger();
  fields.end();
  if ((modulus[0] ?? 0) >= 0x80) throw unsupported("an RSA key with a negative modulus");
  const top = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  const size = top.length * 8 - Math.clz32(top[0] ?? 0) + 24;
  if (size < RSA_BITS_MIN || exponent < 3 || exponent % 2 === 0)
    throw new SpiffeError(
      "weak-key",
      `an RSA key of ${size} bits; at least ${RSA_BITS_MIN} are needed`,
    );
  if (size > RSA_BITS_MAX)
    throw new SpiffeError("too-large", `an RSA key of ${size} bits; at most ${RSA_BITS_MAX}`);
}

/** Reads an AlgorithmIdentifier of a signature; throws SpiffeError `unsupported-algorithm`. */
export function readSignatureAlgorithm(whole: Uint8Array): SignatureAlgorithm {
  const fields = new DerReader(whole).sequence();
  const oid = fields.oid();
  const algorithm = SIGNATURE_ALGORITHMS.find((known) => known.oid === oid);
  if (!algorithm) throw unsupported(`a signature of type ${oid}`);
  // RFC 4055 wants NULL here for RSA, RFC 5758 and RFC 8410 want nothing for the others.
  if (algorithm.keyKind === "rsa" && fields.expect(0x05).content.length > 0)
    throw unsupported("an RSA signature with parameters");
  fields.end();
  return algorithm;
}

/** Keys of issuers are used again and again; making a KeyObject costs about as much as a check. */
const keyObjects = new WeakMap<PublicKey, KeyObject>();

/** The key for `node:crypto`; throws SpiffeError `malformed-certificate` for a point off its curve. */
export function keyObjectOf(key: PublicKey): KeyObject {
  const known = keyObjects.get(key);
  if (known) return known;
  const made = importKey(key);
  keyObjects.set(key, made);
  return made;
}

function importKey(key: PublicKey): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(key.der), format: "der", type: "spki" });
  } catch (cause) {
    throw new SpiffeError("malformed-certificate", "a public key that is no valid key", cause);
  }
}

/** Whether `key` made `signature` over `data`. False, never a throw, for a signature of another form. */
export function isSignedBy(
  key: PublicKey,
  data: Uint8Array,
  signature: { readonly algorithm: SignatureAlgorithm; readonly octets: Uint8Array },
): boolean {
  const { hash, keyKind } = signature.algorithm;
  if (keyKind !== key.kind) return false;
  const keyObject = keyObjectOf(key);
  try {
    return verify(hash, data, keyObject, signature.octets);
  } catch {
    // The runtime throws on signatures that it cannot even read: for us these are only wrong ones.
    return false;
  }
}

const unsupported = (what: string): SpiffeError => new SpiffeError("unsupported-algorithm", what);
