/** The Huffman code of RFC 7541 appendix B. It is canonical: the lengths say everything. */

/** Bits of the code of each byte, then of the end-of-string symbol. */
const LENGTHS =
  "13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 " +
  "6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 " +
  "13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6 " +
  "15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 " +
  "20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 " +
  "22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 " +
  "26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 " +
  "20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 " +
  "30";

export const END_OF_STRING = 256;
export const MAX_CODE_BITS = 30;

export const CODE_BITS: Uint8Array = Uint8Array.from(LENGTHS.split(" ").map(Number));
export const CODES: Int32Array = new Int32Array(CODE_BITS.length);
/** Symbols by length of their code, then by value. */
export const SORTED: Uint16Array = new Uint16Array(CODE_BITS.length);
/** By length: the first code, how many there are, and where their symbols begin in `SORTED`. */
export const FIRST_CODE: Int32Array = new Int32Array(MAX_CODE_BITS + 1);
export const CODE_COUNT: Int32Array = new Int32Array(MAX_CODE_BITS + 1);
export const SORTED_START: Int32Array = new Int32Array(MAX_CODE_BITS + 1);

let code = 0;
let sorted = 0;
for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
  code <<= 1;
  FIRST_CODE[bits] = code;
  SORTED_START[bits] = sorted;
  for (let symbol = 0; symbol < CODE_BITS.length; symbol++) {
    if (CODE_BITS[symbol] !== bits) continue;
    CODES[symbol] = code++;
    SORTED[sorted++] = symbol;
  }
  CODE_COUNT[bits] = sorted - (SORTED_START[bits] as number);
}
