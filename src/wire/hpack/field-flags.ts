/**
 * What is known of a field once its bytes have been looked at, as bits of one number. Table entries keep theirs, so that a
 * field that is sent by index is not looked at again. The low nine bits are those of `KNOWN` (`src/wire/http1/head.ts`).
 */
import type { Buffer } from "node:buffer";
import { knownBitOf, VALUE_BYTE } from "#wire/http1/field-block.ts";
import { hashOf, TOKEN_LOWER } from "#wire/http1/field-name.ts";

export const FLAG = {
  known: 0x1ff,
  cookie: 1 << 9,
  upperName: 1 << 10,
  /** Empty, or not a token. */
  badName: 1 << 11,
  /** A control character. */
  badValue: 1 << 12,
  /** White space at an end of the value. */
  edgeSpace: 1 << 13,
  /** The name is a token and a colon: in Weft's dialect, a line whose white space is not the usual one. */
  rawLine: 1 << 14,
  pseudo: 1 << 15,
  /** Which pseudo-field, in three bits; 0 for an unknown one. */
  pseudoKind: 7 << 16,
  /** Came as a literal that is never indexed: hop by hop it stays so (RFC 7541 §6.2.3). */
  sensitive: 1 << 19,
} as const;

/** What belongs to the name: kept when a field takes its name from an entry. */
export const NAME_FLAGS: number =
  FLAG.known |
  FLAG.cookie |
  FLAG.upperName |
  FLAG.badName |
  FLAG.rawLine |
  FLAG.pseudo |
  FLAG.pseudoKind;

const PSEUDO_SHIFT = 16;

/** Pseudo-fields by their number in the flags. */
export const PSEUDO = {
  method: 1,
  scheme: 2,
  path: 3,
  authority: 4,
  status: 5,
  protocol: 6,
  reason: 7,
} as const;

export function pseudoKindOf(flags: number): number {
  return (flags & FLAG.pseudoKind) >>> PSEUDO_SHIFT;
}

const COLON = 58;
const SP = 32;
const HTAB = 9;
const COOKIE_HASH = hashOf("cookie");
const PSEUDO_BY_HASH = new Map<number, readonly [name: string, kind: number]>(
  Object.entries(PSEUDO).map(([name, kind]) => [hashOf(name), [name, kind]]),
);

/** The hash of the last name that `inspectName` looked at: copied out at once. */
export const inspected = { hash: 0 };

/** The flags of a name; its hash is left in `inspected`. */
export function inspectName(bytes: Buffer, start: number, length: number): number {
  const end = start + length;
  let hash = 0;
  let isUpper = 0;
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    const lower = TOKEN_LOWER[byte] as number;
    if (lower === 0) break;
    isUpper |= byte ^ lower;
    hash = (Math.imul(hash, 31) + lower) | 0;
  }
  inspected.hash = hash;
  const upper = isUpper === 0 ? 0 : FLAG.upperName;
  if (at === end && length > 0) {
    if (hash === COOKIE_HASH && isText(bytes, start, length, "cookie")) return upper | FLAG.cookie;
    return upper | knownBitOf(bytes, start, end, hash);
  }
  if (at === start && bytes[at] === COLON && length > 1) return inspectPseudo(bytes, start, length);
  if (at === end - 1 && bytes[at] === COLON && length > 1)
    return upper | FLAG.rawLine | knownBitOf(bytes, start, at, hash);
  return FLAG.badName;
}

function inspectPseudo(bytes: Buffer, start: number, length: number): number {
  let hash = 0;
  for (let at = start + 1; at < start + length; at++)
    hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  inspected.hash = hash;
  const known = PSEUDO_BY_HASH.get(hash);
  if (known === undefined || !isText(bytes, start + 1, length - 1, known[0])) return FLAG.pseudo;
  return FLAG.pseudo | (known[1] << PSEUDO_SHIFT);
}

function isText(bytes: Buffer, start: number, length: number, lower: string): boolean {
  if (length !== lower.length) return false;
  for (let i = 0; i < length; i++)
    if (TOKEN_LOWER[bytes[start + i] as number] !== lower.charCodeAt(i)) return false;
  return true;
}

/** The flags of a value. */
export function inspectValue(bytes: Buffer, start: number, length: number): number {
  if (length === 0) return 0;
  let isGood = 1;
  const end = start + length;
  for (let at = start; at < end; at++) isGood &= VALUE_BYTE[bytes[at] as number] as number;
  const first = bytes[start];
  const last = bytes[end - 1];
  const edge = first === SP || first === HTAB || last === SP || last === HTAB ? FLAG.edgeSpace : 0;
  return isGood === 1 ? edge : edge | FLAG.badValue;
}
