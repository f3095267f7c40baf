import { SpiffeError } from "../spiffe-error.ts";

/** Tags that X.509 needs; a context tag is made with `contextTag`. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

export interface DerElement {
  readonly tag: number;
  /** The content octets, a view on the input. */
  readonly content: Uint8Array;
  /** Tag, length and content, a view on the input. */
  readonly whole: Uint8Array;
}

/**
 * A cursor over DER (ITU-T X.690, section 10). Strict: definite minimal lengths, single-byte tags, minimal
 * integers, 0x00/0xff booleans. It never recurses and never copies. Throws SpiffeError `malformed-certificate`.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next tag without moving; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  element(): DerElement {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw malformed("a tag number over 30");
    const length = this.#length();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed("a length past the end");
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, content, whole: this.#bytes.subarray(start, end) };
  }

  expect(tag: number): DerElement {
    const next = this.nextTag;
    if (next !== tag) throw malformed(`tag ${hex(next)} where ${hex(tag)} belongs`);
    return this.element();
  }

  /** The element when its tag comes next, else undefined and no move. */
  optional(tag: number): DerElement | undefined {
    return this.nextTag === tag ? this.element() : undefined;
  }

  sequence(): DerReader {
    return new DerReader(this.expect(TAG.sequence).content);
  }

  /** Throws when octets are left over: nothing may hide behind the last field. */
  end(): void {
    if (!this.done) throw malformed("octets after the last field");
  }

  /** The content of a minimal INTEGER, two's complement. */
  integer(): Uint8Array {
    const { content } = this.expect(TAG.integer);
    const [first, second] = content;
    if (first === undefined) throw malformed("an empty integer");
    if (second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80))
      throw malformed("an integer longer than it need be");
    return content;
  }

  /** A non-negative INTEGER below 2^31. */
  smallInteger(): number {
    const content = this.integer();
    if (content.length > 4 || (content[0] ?? 0) >= 0x80) throw malformed("an integer out of range");
    return content.reduce((value, byte) => value * 256 + byte, 0);
  }

  boolean(): boolean {
    const { content } = this.expect(TAG.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
      throw malformed("a boolean that is neither 0x00 nor 0xff");
    return content[0] === 0xff;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(): string {
    return decodeOid(this.expect(TAG.oid).content);
  }

  /** A BIT STRING of whole octets, as keys and signatures are. */
  octetAlignedBits(): Uint8Array {
    const { content } = this.expect(TAG.bitString);
    if (content[0] !== 0) throw malformed("a bit string that does not end at an octet");
    return content.subarray(1);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed("the end where a field belongs");
    this.#at++;
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed("a length of a form that DER does not have");
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    const minimal = count === 1 ? 0x80 : 256 ** (count - 1);
    if (length < minimal) throw malformed("a length longer than it need be");
    return length;
  }
}

const OID_BYTES_MAX = 64;

function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > OID_BYTES_MAX)
    throw malformed("an object id's size");
  const arcs: number[] = [];
  let arc = 0;
  let first = true;
  for (const byte of content) {
    if (first && byte === 0x80) throw malformed("an object id arc longer than it need be");
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw malformed("an object id arc too large");
    first = byte < 0x80;
    if (!first) continue;
    arcs.push(arc);
    arc = 0;
  }
  if (!first) throw malformed("an object id cut short");
  const [head = 0, ...tail] = arcs;
  const root = Math.min(Math.floor(head / 40), 2);
  return [root, head - root * 40, ...tail].join(".");
}

function malformed(what: string): SpiffeError {
  return new SpiffeError("malformed-certificate", `not strict DER: ${what}`);
}

const hex = (tag: number | undefined): string =>
  tag === undefined ? "nothing" : `0x${tag.toString(16).padStart(2, "0")}`;
