import { type DerElement, DerReader, TAG } from "./der/der-reader.ts";
import { OID } from "./der/object-identifiers.ts";
import { SpiffeError } from "./spiffe-error.ts";

/** What we read of a certificate's extensions (RFC 5280 section 4.2). */
export interface Extensions {
  readonly basicConstraints: BasicConstraints | undefined;
  /** Bits of KEY_USAGE; undefined when the extension is absent. */
  readonly keyUsage: number | undefined;
  /** Object identifiers; undefined when the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly names: SubjectAltNames;
  readonly subjectKeyId: Uint8Array | undefined;
  /** Object identifiers of critical extensions that nobody here enforces. */
  readonly unknownCritical: readonly string[];
}

export interface BasicConstraints {
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
}

export interface SubjectAltNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  /** Octets of IPv4 (4) or IPv6 (16) addresses. */
  readonly ipAddresses: readonly Uint8Array[];
  /** How many names of other kinds there are. */
  readonly others: number;
}

/** RFC 5280 section 4.2.1.3, bit 0 is the highest bit of the first octet. */
export const KEY_USAGE = {
  digitalSignature: 0x8000,
  keyEncipherment: 0x2000,
  keyCertSign: 0x0400,
  crlSign: 0x0200,
} as const;

export const noExtensions: Extensions = {
  basicConstraints: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  names: { uris: [], dnsNames: [], ipAddresses: [], others: 0 },
  subjectKeyId: undefined,
  unknownCritical: [],
};

const EXTENSIONS_MAX = 32;
const NAMES_MAX = 256;

/** What each extension adds to the value; one that is not here is not enforced. */
const DECODERS = new Map<string, (value: Uint8Array) => Partial<Extensions>>([
  [OID.basicConstraints, (value) => ({ basicConstraints: basicConstraints(value) })],
  [OID.keyUsage, (value) => ({ keyUsage: keyUsage(value) })],
  [OID.extendedKeyUsage, (value) => ({ extendedKeyUsage: extendedKeyUsage(value) })],
  [OID.subjectAltName, (value) => ({ names: subjectAltNames(value) })],
  [OID.subjectKeyIdentifier, (value) => ({ subjectKeyId: octets(value) })],
]);

/** Reads the SEQUENCE of extensions of a certificate or a request; throws SpiffeError. */
export function decodeExtensions(list: DerReader): Extensions {
  const read: Partial<Extensions>[] = [];
  const seen = new Set<string>();
  const unknownCritical: string[] = [];
  while (!list.done) {
    const fields = list.sequence();
    const oid = fields.oid();
    const critical = readCritical(fields);
    const { content } = fields.expect(TAG.octetString);
    fields.end();
    if (seen.has(oid)) throw malformed(`extension ${oid} twice`);
    if (seen.add(oid).size > EXTENSIONS_MAX) throw malformed(`over ${EXTENSIONS_MAX} extensions`);
    const decode = DECODERS.get(oid);
    if (decode) read.push(decode(content));
    // Name constraints only narrow what an issuer may do: not enforcing them would widen it, critical or not.
    if (!decode && (critical || oid === OID.nameConstraints)) unknownCritical.push(oid);
  }
  return Object.assign({}, noExtensions, ...read, { unknownCritical });
}

/** DEFAULT FALSE: in DER an explicit false must not be written. */
function readCritical(fields: DerReader): boolean {
  if (fields.nextTag !== TAG.boolean) return false;
  if (!fields.boolean()) throw malformed("a criticality of false written out");
  return true;
}

function basicConstraints(value: Uint8Array): BasicConstraints {
  const fields = onlySequence(value);
  const isCa = fields.nextTag === TAG.boolean && fields.boolean();
  const pathLength = fields.nextTag === TAG.integer ? fields.smallInteger() : undefined;
  fields.end();
  if (pathLength !== undefined && !isCa) throw malformed("a path length without CA rights");
  return { isCa, pathLength };
}

function keyUsage(value: Uint8Array): number {
  const outer = new DerReader(value);
  const { content } = outer.expect(TAG.bitString);
  outer.end();
  const [unused = 0, first = 0, second = 0] = content;
  const last = content.length === 3 ? second : first;
  // A named bit list ends at its last set bit (X.690 section 11.2.2).
  const minimal = last !== 0 && unused < 8 && (last & ((1 << (unused + 1)) - 1)) === 1 << unused;
  if (content.length < 2 || content.length > 3 || !minimal) throw malformed("key usage bits");
  return (first << 8) | second;
}

function extendedKeyUsage(value: Uint8Array): readonly string[] {
  const list = onlySequence(value);
  const usages: string[] = [];
  while (!list.done) usages.push(list.oid());
  if (usages.length === 0 || usages.length > NAMES_MAX) throw malformed("extended key usage");
  return usages;
}

function subjectAltNames(value: Uint8Array): SubjectAltNames {
  const list = onlySequence(value);
  const uris: string[] = [];
  const dnsNames: string[] = [];
  const ipAddresses: Uint8Array[] = [];
  let others = 0;
  while (!list.done) {
    const name = list.element();
    if (name.tag === 0x86) uris.push(asciiOf(name));
    else if (name.tag === 0x82) dnsNames.push(asciiOf(name));
    else if (name.tag === 0x87) ipAddresses.push(addressOf(name));
    else others++;
    const count = uris.length + dnsNames.length + ipAddresses.length + others;
    if (count > NAMES_MAX) throw malformed(`over ${NAMES_MAX} names`);
  }
  return { uris, dnsNames, ipAddresses, others };
}

/** IA5String; bytes over 0x7e or control characters have no business in a URI or a host name. */
function asciiOf({ content }: DerElement): string {
  if (content.some((byte) => byte <= 0x20 || byte > 0x7e)) throw malformed("characters of a name");
  return new TextDecoder().decode(content);
}

function addressOf({ content }: DerElement): Uint8Array {
  if (content.length !== 4 && content.length !== 16) throw malformed("an address's length");
  return content;
}

function octets(value: Uint8Array): Uint8Array {
  const outer = new DerReader(value);
  const { content } = outer.expect(TAG.octetString);
  outer.end();
  return content;
}

function onlySequence(value: Uint8Array): DerReader {
  const outer = new DerReader(value);
  const fields = outer.sequence();
  outer.end();
  return fields;
}

const malformed = (what: string): SpiffeError =>
  new SpiffeError("malformed-certificate", `an extension that RFC 5280 does not allow: ${what}`);
