const MESSAGES = {
  truncated: "a header block ends in the middle of a field",
  "integer-too-large": "an integer is longer or larger than any that is needed",
  "bad-padding": "a Huffman-coded string is not padded with fewer than eight ones",
  "end-of-string-symbol": "a Huffman-coded string contains the end-of-string symbol",
  "index-zero": "a field has the index zero",
  "index-out-of-range": "a field has an index beyond the tables",
  "size-update-too-large": "the dynamic table is made larger than was allowed",
  "late-size-update": "the dynamic table is resized after the first field of a block",
  "missing-size-update": "the dynamic table was not made as small as was asked",
} as const;

export type HpackErrorCode = keyof typeof MESSAGES;

/** Every code with its message: what the reference page and the tests read. */
export const HPACK_ERRORS: Readonly<Record<HpackErrorCode, string>> = MESSAGES;

/**
 * A header block that cannot be decoded. The tables of both sides no longer agree, so the connection ends with
 * COMPRESSION_ERROR (RFC 9113 §4.3).
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
  readonly code: HpackErrorCode;

  constructor(code: HpackErrorCode) {
    super(MESSAGES[code]);
    this.code = code;
  }
}
