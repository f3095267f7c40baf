import { contextTag, DerReader, TAG } from "#core/spiffe/der/der-reader.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { decodePem } from "#core/spiffe/der/pem.ts";
import { decodeExtensions, type Extensions, noExtensions } from "#core/spiffe/extensions.ts";
import {
  isSignedBy,
  type PublicKey,
  readPublicKey,
  readSignatureAlgorithm,
} from "#core/spiffe/public-key.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { CaError } from "../ca-error.ts";

/** A certificate request whose signature proves that the caller holds the key. What it asks for is not granted yet. */
export interface Csr {
  readonly publicKey: PublicKey;
  readonly asks: Extensions;
}

const CSR_BYTES_MAX = 64 * 1024;
const LABELS = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/** Reads one PEM PKCS #10 request (RFC 2986); throws CaError `bad-csr` or `weak-key`, and nothing else. */
export function readCsr(pem: string): Csr {
  try {
    return decodeCsr(onlyRequest(pem));
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    const code = cause.code === "weak-key" ? "weak-key" : "bad-csr";
    throw new CaError(code, `certificate request: ${cause.message}`, { cause });
  }
}

function onlyRequest(pem: string): Uint8Array {
  if (pem.length > CSR_BYTES_MAX) throw badCsr(`more than ${CSR_BYTES_MAX} bytes`);
  const [block, ...more] = decodePem(pem);
  if (!block || more.length > 0) throw badCsr(`${block ? 1 + more.length : 0} PEM blocks, not one`);
  if (!LABELS.includes(block.label)) throw badCsr(`a PEM block ${block.label}`);
  return block.der;
}

function decodeCsr(der: Uint8Array): Csr {
  const outer = new DerReader(der);
  const fields = outer.sequence();
  outer.end();
  const signed = fields.expect(TAG.sequence);
  const algorithm = readSignatureAlgorithm(fields.expect(TAG.sequence).whole);
  const octets = fields.octetAlignedBits();
  fields.end();
  const csr = decodeSigned(new DerReader(signed.content));
  if (!isSignedBy(csr.publicKey, signed.whole, { algorithm, octets }))
    throw badCsr("a signature that its own key did not make");
  return csr;
}

function decodeSigned(fields: DerReader): Csr {
  if (fields.smallInteger() !== 0) throw badCsr("a version other than 1");
  fields.expect(TAG.sequence); // the subject: names come from the attestation only
  const publicKey = readPublicKey(fields.expect(TAG.sequence).whole);
  const attributes = new DerReader(fields.expect(contextTag(0, true)).content);
  fields.end();
  return { publicKey, asks: decodeAttributes(attributes) };
}

function decodeAttributes(attributes: DerReader): Extensions {
  let asks: Extensions | undefined;
  while (!attributes.done) {
    const attribute = attributes.sequence();
    const oid = attribute.oid();
    const values = new DerReader(attribute.expect(TAG.set).content);
    attribute.end();
    if (oid !== OID.extensionRequest) continue;
    if (asks) throw badCsr("two lists of extensions");
    asks = decodeExtensions(values.sequence());
    values.end();
  }
  return asks ?? noExtensions;
}

const badCsr = (what: string): CaError => new CaError("bad-csr", `certificate request: ${what}`);
