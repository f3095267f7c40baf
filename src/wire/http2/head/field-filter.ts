/** Which fields of a head in HTTP/1 form do not go on as fields of HTTP/2. */
import type { Buffer } from "node:buffer";
import { knownBitOf } from "#wire/http1/field-block.ts";
import { type FieldName, fieldName, hashOf } from "#wire/http1/field-name.ts";
import { type Fields, KNOWN, type KnownName } from "#wire/http1/head.ts";
import { isTextInAnyCase } from "./values.ts";

export const PER_CONNECTION: number =
  KNOWN.connection | KNOWN["keep-alive"] | KNOWN["proxy-connection"];

/** For each bit of `KNOWN`, the bit that its name has in masks of hashes. */
const HASH_BITS = new Map<number, number>(
  (Object.keys(KNOWN) as KnownName[]).map((name) => [KNOWN[name], 1 << (hashOf(name) & 31)]),
);
const HTTP2_SETTINGS = fieldName("http2-settings");
const NO_NAMES: readonly FieldName[] = [];

/** One for all heads: it is set before a head is encoded. */
export class FieldFilter {
  /** Bits of `KNOWN` that are left out. */
  #dropped = 0;
  /** Other names that are left out. */
  #names: readonly FieldName[] = NO_NAMES;
  /** One bit per hash of a name that may be left out, or is TE. */
  #mask = 0;

  /** For a whole head: `dropped` are bits of `KNOWN`, `nominated` the names that Connection took off the message. */
  begin(head: Fields, dropped: number, nominated: readonly string[], dropsSettings: boolean): void {
    this.#dropped = dropped;
    this.#names = NO_NAMES;
    this.#mask = 0;
    const present = head.known & (dropped | KNOWN.te);
    if (present !== 0)
      for (const [bit, hashBit] of HASH_BITS) if ((present & bit) !== 0) this.#mask |= hashBit;
    if (nominated.length === 0 && !dropsSettings) return;
    const names = nominated.map((name) => fieldName(name));
    if (dropsSettings) names.push(HTTP2_SETTINGS);
    for (const { hash } of names) this.#mask |= 1 << (hash & 31);
    this.#names = names;
  }

  /** For fields of our own: `dropped` are bits of `KNOWN`. */
  beginLocal(dropped: number): void {
    this.#dropped = dropped;
    this.#names = NO_NAMES;
    this.#mask = 0;
  }

  /** Leaves these bits of `KNOWN` out as well from now on. */
  drop(bits: number): void {
    this.#dropped |= bits;
    for (const [bit, hashBit] of HASH_BITS) if ((bits & bit) !== 0) this.#mask |= hashBit;
  }

  /** Whether the field of a head that was given to `begin` is left out. */
  drops(head: Fields, index: number, hash: number, nameStart: number, nameEnd: number): boolean {
    if ((this.#mask & (1 << (hash & 31))) === 0) return false;
    for (const name of this.#names)
      if (name.hash === hash && head.isNamed(index, name.lower)) return true;
    const bit = knownBitOf(head.bytes, nameStart, nameEnd, hash);
    if ((bit & this.#dropped) !== 0) return true;
    return bit === KNOWN.te && head.field("te")?.toLowerCase() !== "trailers";
  }

  /** Whether a field that is not from the head, but of an edit, may not be sent. */
  dropsLine(
    bytes: Buffer,
    nameStart: number,
    nameEnd: number,
    hash: number,
    valueStart: number,
    valueLength: number,
  ): boolean {
    const bit = knownBitOf(bytes, nameStart, nameEnd, hash);
    if ((bit & this.#dropped) !== 0) return true;
    return bit === KNOWN.te && !isTextInAnyCase(bytes, valueStart, valueLength, "trailers");
  }
}
