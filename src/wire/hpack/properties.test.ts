/** The three properties: round trip with shared tables; random bytes give fields or our error, and leave nothing else behind. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { hashOf } from "#wire/http1/field-name.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { HpackError } from "./hpack-error.ts";
import { decodeBlock } from "./testing/field-list.ts";

const NAMES = [
  "accept",
  "Accept",
  "user-agent",
  "content-length",
  "cookie",
  "authorization",
  "traceparent",
  "X-Request-Id",
  "x-user",
  "etag",
  ":path",
];
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
  fc.string({ unit: fc.constantFrom(..."abcXYZ-09"), minLength: 1, maxLength: 20 }),
);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", "a", "curl/8.0", "v".repeat(30), "w".repeat(300)) },
  fc.string({ unit: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
);
const field = fc.tuple(name, value, fc.boolean());
/** A block, or a change of settings. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(field, { maxLength: 12 }) },
  fc.constantFrom(0, 40, 100, 256, 1_000, 4_096, 16_384),
);

test("fields come back as they were, block after block, whatever the settings are in between", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.boolean(),
      fc.constantFrom("kept" as const, "all" as const),
      fc.constantFrom(0, 200, 4_096, 16_384),
      (steps, keepsCase, huffman, maxTableBytes) => {
        const encoder = new HpackEncoder({ huffman, maxTableBytes });
        const decoder = new HpackDecoder(16_384);
        const out = new ByteWriter(16);
        for (const given of steps) {
          if (typeof given === "number") {
            encoder.allowTableBytes(given);
            decoder.allowTableBytes(given);
            continue;
          }
          out.clear();
          encoder.begin(out, keepsCase);
          for (const [text, content, isSensitive] of given) {
            const bytes = Buffer.from(text + content, "latin1");
            const hash = hashOf(text.toLowerCase());
            const nameLength = text.length;
            encoder.field(out, bytes, 0, nameLength, nameLength, content.length, hash, isSensitive);
          }
          const list = decodeBlock(decoder, Buffer.from(out.view()));
          expect(list.pairs).toEqual(
            given.map(([text, content]) => [keepsCase ? text : text.toLowerCase(), content]),
          );
          for (const [i, [, , isSensitive]] of given.entries())
            if (isSensitive) expect(list.fields[i]?.isSensitive).toBe(true);
          expect(decoder.tableBytes).toBe(encoder.tableBytes);
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** Bytes that are nearly valid reach further than noise. */
const PIECES = [
  "82",
  "be",
  "bf",
  "c0",
  "20",
  "3fe11f",
  "3f03",
  "400161",
  "0162",
  "81ff",
  "7e",
  "0f2f",
  "1001610162",
];
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.nat({ max: 255 }).map((byte) => byte.toString(16).padStart(2, "0")),
    ),
    {
      maxLength: 30,
    },
  )
  .map((pieces) => Buffer.from(pieces.join(""), "hex"));
const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

test("any bytes give fields or our error, and the table stays within its bound", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(nearly, noise), { maxLength: 6 }),
      fc.constantFrom(100, 4_096),
      (blocks, tableBytes) => {
        const decoder = new HpackDecoder(tableBytes);
        try {
          for (const block of blocks) {
            decodeBlock(decoder, block);
            expect(decoder.tableBytes).toBeLessThanOrEqual(4_096);
          }
        } catch (cause) {
          if (!(cause instanceof HpackError)) throw cause;
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

test("a block that is cut short gives an error, or fewer fields", () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 8 }), fc.nat(), (fields, place) => {
      const encoder = new HpackEncoder({ huffman: "all" });
      const out = new ByteWriter(16);
      for (const [text, content] of fields) {
        const bytes = Buffer.from(text + content, "latin1");
        const hash = hashOf(text.toLowerCase());
        encoder.field(out, bytes, 0, text.length, text.length, content.length, hash, false);
      }
      const end = place % (out.length + 1);
      try {
        const list = decodeBlock(new HpackDecoder(), Buffer.from(out.view().subarray(0, end)));
        const sent = fields.map(([text, content]) => [text.toLowerCase(), content]);
        expect(list.pairs).toEqual(sent.slice(0, list.pairs.length) as [string, string][]);
      } catch (cause) {
        if (!(cause instanceof HpackError)) throw cause;
        expect(cause.code).toBe("truncated");
      }
    }),
    { numRuns: 1_000 },
  );
});
