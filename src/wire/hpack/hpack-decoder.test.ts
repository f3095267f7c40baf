import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HPACK_ERRORS, HpackError, type HpackErrorCode } from "./hpack-error.ts";
import { decodeBlock } from "./testing/field-list.ts";

function codeOf(decoder: HpackDecoder, block: string): string {
  try {
    return `fields ${JSON.stringify(decodeBlock(decoder, block).pairs)}`;
  } catch (cause) {
    if (!(cause instanceof HpackError)) throw cause;
    expect(cause.message).toBe(HPACK_ERRORS[cause.code]);
    return cause.code;
  }
}

describe("a block is refused", () => {
  test.each<[string, string, HpackErrorCode]>([
    ["index zero", "80", "index-zero"],
    ["an index beyond the static table while the dynamic one is empty", "be", "index-out-of-range"],
    ["an index one too large", "40 0161 0162 bf", "index-out-of-range"],
    ["a name beyond the tables", "7f 00 00", "index-out-of-range"],
    ["a name beyond the tables, not kept", "0f 2f 00", "index-out-of-range"],
    ["a name beyond the tables, never kept", "1f 2f 00", "index-out-of-range"],
    ["an index that does not end", "ff", "truncated"],
    ["an index that does not end later", "ff 80 80", "truncated"],
    ["an index of five bytes that is too large", "ff ff ff ff ff 0f", "integer-too-large"],
    ["an index that goes on for ever", "ff 80 80 80 80 80 80 80 80 00", "integer-too-large"],
    ["a length of 2^32 and more", "00 7f 81 ff ff ff 0f", "integer-too-large"],
    ["a length that wraps around 32 bits to 1", "00 7f 82 ff ff ff 1f 61 00", "integer-too-large"],
    ["a literal without a name", "40", "truncated"],
    ["a literal without a value", "40 01 61", "truncated"],
    ["a name that is longer than the block", "40 05 61 62", "truncated"],
    ["a value that is longer than the block", "40 01 61 05 62", "truncated"],
    ["a coded value that is longer than the block", "40 01 61 85 ff", "truncated"],
    ["a name by index without a value", "44", "truncated"],
    ["padding of zeros", "00 01 61 81 18", "bad-padding"],
    ["eight bits of padding", "00 01 61 82 1f ff", "bad-padding"],
    ["padding that is all there is", "00 01 61 81 ff", "bad-padding"],
    ["sixteen bits of padding", "00 01 61 83 1f ff ff", "bad-padding"],
    ["a long code that is cut", "00 01 61 82 ff fe", "bad-padding"],
    ["the end-of-string symbol", "00 01 61 84 ff ff ff ff", "end-of-string-symbol"],
    [
      "the end-of-string symbol behind a byte",
      "00 01 61 85 1f ff ff ff ff",
      "end-of-string-symbol",
    ],
    ["a table larger than was announced", "3f e2 1f", "size-update-too-large"],
    ["a table size behind a field", "82 20", "late-size-update"],
    ["a table size in the middle", "82 20 82", "late-size-update"],
    ["a table size that does not end", "3f 80", "truncated"],
    ["a table size that is too large to count", "3f ff ff ff ff 0f", "integer-too-large"],
  ])("%s", (_, block, code) => {
    expect(codeOf(new HpackDecoder(), block)).toBe(code);
  });
});

describe("a block is read", () => {
  test.each<[string, string, string]>([
    ["nothing at all", "", "fields []"],
    ["an empty value", "00 01 61 00", 'fields [["a",""]]'],
    ["an empty coded value", "00 01 61 80", 'fields [["a",""]]'],
    ["an empty name, which is not the decoder's to judge", "00 00 01 62", 'fields [["","b"]]'],
    ["an integer with needless zeros", "40 7f 82 80 00", "truncated"],
    ["seven bits of padding", "00 01 61 82 3f ff", "bad-padding"],
    ["a byte of five bits and three of padding", "00 01 61 81 1f", 'fields [["a","a"]]'],
    ["two sizes at the beginning", "20 3f e1 1f 82", 'fields [[":method","GET"]]'],
  ])("%s", (_, block, outcome) => {
    expect(codeOf(new HpackDecoder(), block)).toBe(outcome);
  });
});

describe("the dynamic table", () => {
  test("an entry larger than the table empties it, and the field is there nevertheless", () => {
    const decoder = new HpackDecoder();
    decodeBlock(decoder, "40 01 61 01 62");
    expect(decoder.tableBytes).toBe(34);
    const value = "v".repeat(4_096);
    const block = Buffer.concat([Buffer.from("4001617f811f", "hex"), Buffer.from(value)]);
    expect(decodeBlock(decoder, block).pairs).toEqual([["a", value]]);
    expect(decoder.tableBytes).toBe(0);
    expect(codeOf(decoder, "be")).toBe("index-out-of-range");
  });

  test("an entry may take its name from one that it evicts", () => {
    const decoder = new HpackDecoder();
    decodeBlock(decoder, "3f 21 40 05 6162636465 0a 30313233343536373839");
    expect(decoder.tableBytes).toBe(47);
    expect(decodeBlock(decoder, "7e 0b 3938373635343332313030").pairs).toEqual([
      ["abcde", "98765432100"],
    ]);
    expect(decodeBlock(decoder, "be").pairs).toEqual([["abcde", "98765432100"]]);
    expect(decoder.tableBytes).toBe(48);
  });

  test("a smaller size evicts, size zero empties", () => {
    const decoder = new HpackDecoder();
    decodeBlock(decoder, "40 01 61 01 62 40 01 63 01 64");
    expect(decoder.tableBytes).toBe(68);
    expect(decodeBlock(decoder, "3f 03 be").pairs).toEqual([["c", "d"]]);
    expect(decoder.tableBytes).toBe(34);
    decodeBlock(decoder, "20");
    expect(decoder.tableBytes).toBe(0);
    expect(decodeBlock(decoder, "40 01 61 01 62").pairs).toEqual([["a", "b"]]);
    expect(decoder.tableBytes).toBe(0);
  });

  test("resizing over and over keeps what fits", () => {
    const decoder = new HpackDecoder(65_536);
    decodeBlock(decoder, "40 01 61 01 62");
    for (const size of ["3f e1 ff 03", "3f 03", "3f e1 1f", "3f e1 ff 03", "3f 03"])
      expect(decodeBlock(decoder, `${size} be`).pairs).toEqual([["a", "b"]]);
  });
});

describe("a table that was announced smaller", () => {
  test("has to be confirmed by the next block", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableBytes(100);
    expect(codeOf(decoder, "82")).toBe("missing-size-update");
  });

  test("is confirmed by that size or a smaller one, which may grow up to it again", () => {
    for (const sizes of ["3f 45", "3f 03", "20", "20 3f 45"]) {
      const decoder = new HpackDecoder();
      decoder.allowTableBytes(100);
      expect(codeOf(decoder, `${sizes} 82`)).toStartWith("fields");
      expect(codeOf(decoder, "82")).toStartWith("fields");
    }
  });

  test("is not confirmed by a larger one", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableBytes(100);
    expect(codeOf(decoder, "3f 46 82")).toBe("size-update-too-large");
  });

  test("and larger again still has to be confirmed at its smallest", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableBytes(100);
    decoder.allowTableBytes(4_096);
    expect(codeOf(decoder, "3f 46 82")).toBe("missing-size-update");
  });

  test("needs nothing when the peer's is small enough", () => {
    const decoder = new HpackDecoder();
    decodeBlock(decoder, "3f 03");
    decoder.allowTableBytes(100);
    expect(codeOf(decoder, "82")).toStartWith("fields");
  });

  test("holds from its acknowledgement on", () => {
    const decoder = new HpackDecoder(0);
    expect(codeOf(decoder, "40 01 61 01 62 be")).toStartWith("fields");
    decoder.allowTableBytes(0);
    expect(codeOf(decoder, "20 40 01 61 01 62")).toStartWith("fields");
    expect(codeOf(decoder, "be")).toBe("index-out-of-range");
  });
});
