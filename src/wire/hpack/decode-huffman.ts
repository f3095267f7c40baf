/** Strings out of the Huffman code: twelve bits at a time by a table, one or two symbols each. */
import type { Buffer } from "node:buffer";
import { HpackError } from "./hpack-error.ts";
import {
  CODE_BITS,
  CODE_COUNT,
  CODES,
  END_OF_STRING,
  FIRST_CODE,
  MAX_CODE_BITS,
  SORTED,
  SORTED_START,
} from "./huffman-code.ts";

const WINDOW = 12;
const WINDOW_MASK = (1 << WINDOW) - 1;

/**
 * By the next twelve bits: symbols in bits 0–7 and 8–15, bits of the first in 16–19, of both in 20–23, how many symbols in
 * 24–25. 0 where a longer code begins.
 */
const TABLE = new Int32Array(1 << WINDOW);
for (let first = 0; first < END_OF_STRING; first++) {
  const firstBits = CODE_BITS[first] as number;
  if (firstBits > WINDOW) continue;
  const rest = WINDOW - firstBits;
  const prefix = (CODES[first] as number) << rest;
  const alone = first | (firstBits << 16) | (firstBits << 20) | (1 << 24);
  for (let low = 0; low < 1 << rest; low++) TABLE[prefix | low] = alone;
  for (let second = 0; second < END_OF_STRING; second++) {
    const secondBits = CODE_BITS[second] as number;
    if (secondBits > rest) continue;
    const shift = rest - secondBits;
    const both =
      first | (second << 8) | (firstBits << 16) | ((firstBits + secondBits) << 20) | (2 << 24);
    for (let low = 0; low < 1 << shift; low++)
      TABLE[prefix | ((CODES[second] as number) << shift) | low] = both;
  }
}

/** How many bytes a string of that many coded bytes has at most; one more may be written to. */
export function maxDecodedBytes(codedBytes: number): number {
  return Math.floor((codedBytes * 8) / 5) + 1;
}

/**
 * Decodes `source[start, end)` to `out` at `at` and returns where it ends there. `out` has room for `maxDecodedBytes`.
 * Throws HpackError for padding that is not all ones, or eight bits of it, and for the end-of-string symbol.
 */
export function decodeHuffman(
  source: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
): number {
  let from = start;
  let to = at;
  // The low `bits` bits of `window` are still to be read; what is above them is not looked at.
  let window = 0;
  let bits = 0;
  for (;;) {
    while (bits < 17 && from < end) {
      window = (window << 8) | (source[from++] as number);
      bits += 8;
    }
    if (bits < WINDOW) break;
    const entry = TABLE[(window >>> (bits - WINDOW)) & WINDOW_MASK] as number;
    if (entry === 0) {
      // A long code: rare bytes. The window is filled again behind it.
      const before = from * 8 - bits;
      const length = longCode(source, before, end, out, to);
      to++;
      const next = before + length;
      from = (next + 7) >>> 3;
      bits = from * 8 - next;
      window = bits === 0 ? 0 : (source[from - 1] as number);
      continue;
    }
    // Both are written: the second is overwritten when there was only one.
    out[to] = entry & 0xff;
    out[to + 1] = (entry >>> 8) & 0xff;
    to += entry >>> 24;
    bits -= (entry >>> 20) & 0xf;
  }
  while (bits > 0) {
    const missing = WINDOW - bits;
    const entry = TABLE[((window << missing) | ((1 << missing) - 1)) & WINDOW_MASK] as number;
    const length = (entry >>> 16) & 0xf;
    if (entry === 0 || length > bits) break;
    out[to++] = entry & 0xff;
    bits -= length;
  }
  const ones = (1 << bits) - 1;
  if (bits > 7 || (window & ones) !== ones) throw new HpackError("bad-padding");
  return to;
}

/** Writes the symbol of the code of more than twelve bits that begins at bit `position`; returns the code's length. */
function longCode(source: Buffer, position: number, end: number, out: Buffer, to: number): number {
  const available = Math.min(MAX_CODE_BITS, end * 8 - position);
  const code = bitsAt(source, position, available);
  for (let length = WINDOW + 1; length <= available; length++) {
    const distance = (code >>> (available - length)) - (FIRST_CODE[length] as number);
    if (distance < 0 || distance >= (CODE_COUNT[length] as number)) continue;
    const symbol = SORTED[(SORTED_START[length] as number) + distance] as number;
    if (symbol === END_OF_STRING) throw new HpackError("end-of-string-symbol");
    out[to] = symbol;
    return length;
  }
  throw new HpackError("bad-padding");
}

/** `count` bits, at most 30. */
function bitsAt(source: Buffer, position: number, count: number): number {
  let value = 0;
  let at = position >>> 3;
  let left = count;
  const skipped = position & 7;
  let inByte = 8 - skipped;
  let byte = (source[at] as number) & (0xff >>> skipped);
  while (left >= inByte) {
    value = (value << inByte) | byte;
    left -= inByte;
    inByte = 8;
    byte = source[++at] ?? 0;
  }
  return (value << left) | (byte >>> (inByte - left));
}
