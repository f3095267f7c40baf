import type { Buffer } from "node:buffer";
import { CODE_BITS, CODES } from "./huffman-code.ts";

/** How many bytes the string takes in the Huffman code. */
export function huffmanBytes(source: Buffer, start: number, end: number): number {
  let bits = 0;
  for (let at = start; at < end; at++) bits += CODE_BITS[source[at] as number] as number;
  return (bits + 7) >>> 3;
}

/** Writes the string in the Huffman code to `out` at `at`, which has the room, and returns where it ends there. */
export function encodeHuffman(
  source: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
): number {
  let to = at;
  let window = 0;
  let bits = 0;
  for (let from = start; from < end; from++) {
    const byte = source[from] as number;
    const code = CODES[byte] as number;
    let length = CODE_BITS[byte] as number;
    if (length > 16) {
      // In two parts, so that the window stays within 32 bits.
      window = (window << (length - 16)) | (code >>> 16);
      bits += length - 16;
      for (; bits >= 8; bits -= 8) out[to++] = window >>> (bits - 8);
      length = 16;
    }
    window = (window << length) | (code & 0xffff);
    bits += length;
    for (; bits >= 8; bits -= 8) out[to++] = window >>> (bits - 8);
  }
  if (bits > 0) out[to++] = (window << (8 - bits)) | (0xff >>> bits);
  return to;
}
