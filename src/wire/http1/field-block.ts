/** Reads a block of `name: value` lines, byte by byte, once: strictness and offsets in the same pass. */
import type { Buffer } from "node:buffer";
import { hashOf, TOKEN_LOWER } from "./field-name.ts";
import { KNOWN, type KnownName, STRIDE } from "./head.ts";
import { type Fault, Http1Error } from "./http1-error.ts";

const CR = 13;
const LF = 10;
const SP = 32;
const HTAB = 9;
const COLON = 58;

/** 1 for a byte that may stand in a value: HTAB, SP, visible ASCII, obs-text. */
export const VALUE_BYTE: Uint8Array = new Uint8Array(256).map((_, byte) =>
  byte === HTAB || (byte >= SP && byte !== 127) ? 1 : 0,
);

/** `KNOWN` bits by the low bits of the name's hash; a hit is compared byte by byte. */
const KNOWN_SIZE = 1024;
const knownBit = new Int32Array(KNOWN_SIZE);
const knownHash = new Int32Array(KNOWN_SIZE);
const knownText: string[] = new Array<string>(KNOWN_SIZE).fill("");
for (const name of Object.keys(KNOWN) as KnownName[]) {
  const hash = hashOf(name);
  const slot = hash & (KNOWN_SIZE - 1);
  if (knownBit[slot] !== 0) throw new Error(`the table of known fields is too small for ${name}`);
  knownBit[slot] = KNOWN[name];
  knownHash[slot] = hash;
  knownText[slot] = name;
}

/** The furthest that packed offsets reach. */
export const HEAD_BYTES_CAP = 65_535;
const FIELDS_CAP = 1_000;

/** Filled by `readFieldBlock` and copied out by the caller before anything else runs: decoding is synchronous. */
export const scratch: Int32Array = new Int32Array(FIELDS_CAP * STRIDE);
export const found = {
  count: 0,
  mask: 0,
  known: 0,
  /** Bits of known fields that came more than once. */
  repeated: 0,
};

export interface BlockLimits {
  /** Bytes from `base` to the end of the block. */
  readonly maxBytes: number;
  readonly maxFields: number;
}

/**
 * Reads from `from` to the empty line, looking at bytes before `arrived`; offsets are relative to `base`. Returns the position after the empty line, or
 * -1 when it has not arrived yet. Throws Http1Error.
 */
export function readFieldBlock(
  bytes: Buffer,
  base: number,
  from: number,
  arrived: number,
  limits: BlockLimits,
  fault: Fault,
): number {
  const maxFields = Math.min(limits.maxFields, FIELDS_CAP);
  // Bytes past the limit are not looked at: what is reported must not depend on how much arrived at once.
  const limitAt = base + Math.min(limits.maxBytes, HEAD_BYTES_CAP);
  const isOver = arrived > limitAt;
  const end = isOver ? limitAt : arrived;
  let at = from;
  let count = 0;
  let mask = 0;
  let known = 0;
  let repeated = 0;
  for (;;) {
    if (at >= end) return incomplete(isOver, fault);
    const first = bytes[at];
    if (first === CR) {
      if (at + 1 >= end) return incomplete(isOver, fault);
      if (bytes[at + 1] !== LF) throw new Http1Error("bad-line-ending", fault);
      at += 2;
      break;
    }
    const nameStart = at;
    let hash = 0;
    let lower = 0;
    while (at < end) {
      lower = TOKEN_LOWER[bytes[at] as number] as number;
      if (lower === 0) break;
      hash = (Math.imul(hash, 31) + lower) | 0;
      at++;
    }
    if (at >= end) return incomplete(isOver, fault);
    const nameEnd = at;
    if (bytes[at] !== COLON || nameEnd === nameStart) throw nameError(bytes, nameStart, at, fault);
    at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    const valueStart = at;
    while (at < end && VALUE_BYTE[bytes[at] as number] === 1) at++;
    if (at + 1 >= end && (at >= end || bytes[at] === CR)) return incomplete(isOver, fault);
    if (bytes[at] !== CR || bytes[at + 1] !== LF) throw valueError(bytes[at], fault);
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB))
      valueEnd--;
    at += 2;
    if (count >= maxFields) throw new Http1Error("too-many-fields", fault);
    const place = count * STRIDE;
    scratch[place] = ((nameStart - base) << 16) | (nameEnd - base);
    scratch[place + 1] = ((valueStart - base) << 16) | (valueEnd - base);
    scratch[place + 2] = hash;
    count++;
    mask |= 1 << (hash & 31);
    const bit = knownBitOf(bytes, nameStart, nameEnd, hash);
    repeated |= known & bit;
    known |= bit;
  }
  found.count = count;
  found.mask = mask;
  found.known = known;
  found.repeated = repeated;
  return at;
}

/** The bit of `KNOWN` of a name with that hash, 0 for other names. */
export function knownBitOf(bytes: Buffer, start: number, end: number, hash: number): number {
  const slot = hash & (KNOWN_SIZE - 1);
  if (knownHash[slot] !== hash || knownBit[slot] === 0) return 0;
  return isText(bytes, start, end, knownText[slot] as string) ? (knownBit[slot] as number) : 0;
}

/** What has arrived is a valid beginning, unless it is already longer than any valid block. */
function incomplete(isOver: boolean, fault: Fault): number {
  if (isOver) throw new Http1Error("head-too-large", fault);
  return -1;
}

function isText(bytes: Buffer, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++)
    if (TOKEN_LOWER[bytes[start + i] as number] !== lower.charCodeAt(i)) return false;
  return true;
}

function nameError(bytes: Buffer, start: number, at: number, fault: Fault): Http1Error {
  const byte = bytes[at];
  if (at === start && (byte === SP || byte === HTAB))
    return new Http1Error("obsolete-folding", fault);
  if (byte === LF || byte === CR) return new Http1Error("bad-line-ending", fault);
  if (byte === SP || byte === HTAB) return new Http1Error("space-before-colon", fault);
  return new Http1Error("bad-field-name", fault);
}

function valueError(byte: number | undefined, fault: Fault): Http1Error {
  const isLineEnding = byte === LF || byte === CR;
  return new Http1Error(isLineEnding ? "bad-line-ending" : "bad-field-value", fault);
}
