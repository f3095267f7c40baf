import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeHuffman, maxDecodedBytes } from "./decode-huffman.ts";
import { encodeHuffman, huffmanBytes } from "./encode-huffman.ts";
import { HpackError } from "./hpack-error.ts";
import { CODE_BITS, CODES, END_OF_STRING } from "./huffman-code.ts";

const RUNS = { numRuns: 2_000 };
const anyBytes = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
/** Real strings are of these; codes are short then. */
const text = fc.string({ maxLength: 80 }).map((value) => Buffer.from(value, "latin1"));

function coded(source: Buffer): Buffer {
  const out = Buffer.alloc(4 * source.length + 4);
  return out.subarray(0, encodeHuffman(source, 0, source.length, out, 0));
}

function decoded(source: Buffer): string {
  const around = 3;
  const out = Buffer.alloc(maxDecodedBytes(source.length) + around, 0xee);
  try {
    const end = decodeHuffman(source, 0, source.length, out, around);
    expect(out.subarray(0, around).toString("hex")).toBe("eeeeee");
    return out.toString("hex", around, end);
  } catch (cause) {
    if (cause instanceof HpackError) return cause.code;
    throw cause;
  }
}

const symbols = new Map<string, number>();
for (const [symbol, bits] of CODE_BITS.entries())
  symbols.set((CODES[symbol] ?? 0).toString(2).padStart(bits, "0"), symbol);

/** The RFC's words, bit by bit. */
function decodedByBits(source: Buffer): string {
  const bits = Array.from(source, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const bytes: number[] = [];
  let code = "";
  for (const bit of bits) {
    code += bit;
    const symbol = symbols.get(code);
    if (symbol === undefined) continue;
    if (symbol === END_OF_STRING) return "end-of-string-symbol";
    bytes.push(symbol);
    code = "";
  }
  if (code.length > 7 || code.includes("0")) return "bad-padding";
  return Buffer.from(bytes).toString("hex");
}

test("no code is the beginning of another, and together they fill the space of codes", () => {
  const codes = [...symbols.keys()];
  for (const code of codes)
    for (const other of codes) if (code !== other) expect(other.startsWith(code)).toBe(false);
  expect(codes.reduce((sum, code) => sum + 2 ** -code.length, 0)).toBe(1);
});

describe("a string", () => {
  test("comes back as it was, in as many bytes as was foretold", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, text), (source) => {
        const bytes = coded(source);
        expect(bytes.length).toBe(huffmanBytes(source, 0, source.length));
        expect(decoded(bytes)).toBe(source.toString("hex"));
      }),
      RUNS,
    );
  });

  test("of every byte at every distance comes back", () => {
    for (let byte = 0; byte < 256; byte++)
      for (let before = 0; before < 9; before++) {
        const source = Buffer.from(`${"a".repeat(before)}?b`, "latin1");
        source[before] = byte;
        expect(decoded(coded(source))).toBe(source.toString("hex"));
      }
  });
});

describe("any bytes are read as the RFC reads them bit by bit", () => {
  test("noise", () => {
    fc.assert(
      fc.property(anyBytes, (source) => {
        expect(decoded(source)).toBe(decodedByBits(source));
      }),
      RUNS,
    );
  });

  test("what is nearly a coded string", () => {
    const nearly = fc
      .tuple(fc.oneof(text, anyBytes), fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 3 }))
      .map(([source, place, byte, extra]) => {
        const bytes = Buffer.concat([coded(source), Buffer.alloc(extra, 0xff)]);
        if (bytes.length > 0) bytes[place % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(nearly, (source) => {
        expect(decoded(source)).toBe(decodedByBits(source));
      }),
      RUNS,
    );
  });

  test("many ones", () => {
    const ones = fc
      .array(fc.constantFrom(0xff, 0xfe, 0xfc, 0x7f, 0xf8), { maxLength: 12 })
      .map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(ones, (source) => {
        expect(decoded(source)).toBe(decodedByBits(source));
      }),
      RUNS,
    );
  });
});
