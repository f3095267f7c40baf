/** The three properties of every decoder: round trip; any chunking gives the same; random bytes give a value or our error. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BODY_LIMITS, BodyDecoder, type BodyLimits } from "./body-decoder.ts";
import { ByteWriter } from "./byte-writer.ts";
import { encodeLastChunk, encodeRequestHead, encodeResponseHead } from "./encode-head.ts";
import type { BodyKind, Fields } from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "./request-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "./response-head.ts";

const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const token = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 });
const value = fc
  .string({
    unit: fc
      .integer({ min: 32, max: 255 })
      .filter((code) => code !== 127)
      .map((code) => String.fromCharCode(code)),
    maxLength: 20,
  })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""));
/** Names that mean nothing to the connection: those have tests of their own. */
const field = fc.tuple(
  token.map((name) => `x${name}`),
  value,
);
const fields = fc.array(field, { maxLength: 20 });

/** Bytes that are nearly valid reach further than noise. */
const PIECES = [
  "GET ",
  "POST /a?b HTTP/1.1\r\n",
  "HTTP/1.1 ",
  "200 OK\r\n",
  "HTTP/1.0",
  "\r\n",
  "\r",
  "\n",
  " ",
  "\t",
  ":",
  "\0",
  "Host: a\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close, x\r\n",
  "Connection: upgrade\r\nUpgrade: h2c\r\n",
  "Expect: 100-continue\r\n",
  "http://a:80/p",
  "*",
  "a:443",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "A;x=1\r\n",
  "\xff",
  "x: y\r\n",
  ",",
  "%41",
];
const nearly = fc
  .array(
    fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ maxLength: 4 })),
    { maxLength: 14 },
  )
  .map((pieces) => Buffer.from(pieces.join(""), "latin1"));
const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const anyBytes = fc.oneof(nearly, noise);

/** What a decoder made of bytes, as text to compare. */
type Outcome = string;

function outcomeOf(decode: () => Outcome): Outcome {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof Http1Error) return `error ${cause.code}`;
    throw cause;
  }
}

function textOf(head: Fields & { sizeBytes: number; facts: object }): Outcome {
  const lines = Array.from({ length: head.fieldCount }, (_, i) => [
    head.fieldName(i),
    head.fieldValue(i),
  ]);
  return JSON.stringify([head.facts, lines]);
}

const requestOutcome = (bytes: Buffer): Outcome =>
  outcomeOf(() => {
    const head = decodeRequestHead(bytes, 0, bytes.length, {
      ...REQUEST_LIMITS,
      maxBytes: 120,
      maxFields: 6,
    });
    return head === undefined ? "incomplete" : textOf(head);
  });

const responseOutcome = (bytes: Buffer): Outcome =>
  outcomeOf(() => {
    const head = decodeResponseHead(bytes, 0, bytes.length, "GET", { maxBytes: 120, maxFields: 6 });
    return head === undefined ? "incomplete" : textOf(head);
  });

/** The outcome of the first prefix that has one, as a connection would see it byte by byte. */
function firstOutcome(bytes: Buffer, decode: (bytes: Buffer) => Outcome): Outcome {
  for (let end = 0; end <= bytes.length; end++) {
    const outcome = decode(bytes.subarray(0, end));
    if (outcome !== "incomplete") return outcome;
  }
  return "incomplete";
}

const SMALL: BodyLimits = {
  ...BODY_LIMITS,
  maxChunkLineBytes: 12,
  maxTrailerBytes: 60,
  maxTrailers: 2,
};

function bodyOutcome(kind: BodyKind, pieces: readonly Buffer[]): Outcome {
  const decoder = new BodyDecoder("downstream", SMALL);
  let data = "";
  let end = "open";
  const sink = {
    onBodyData: (bytes: Buffer, start: number, end: number) => {
      data += bytes.toString("latin1", start, end);
    },
    onBodyEnd: (trailers: Fields | undefined) => {
      end = `over ${trailers?.fieldCount ?? 0}`;
    },
  };
  decoder.reset(kind, 7);
  let consumed = 0;
  const outcome = outcomeOf(() => {
    for (const piece of pieces) consumed += decoder.decode(piece, 0, sink);
    return end === "open" ? "open" : `${end} ${consumed}`;
  });
  return `${data} ${outcome}`;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [
    0,
    ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const RUNS = { numRuns: 3_000 };

describe("round trip", () => {
  test("a request head that is passed on says the same again", () => {
    fc.assert(
      fc.property(token, fields, (method, list) => {
        fc.pre(method !== "CONNECT");
        const text = `${method} /p HTTP/1.1\r\nHost: a\r\n${list.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`;
        const bytes = Buffer.from(text, "latin1");
        const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
        if (head === undefined) throw new Error("incomplete");
        const out = new ByteWriter(8);
        encodeRequestHead(out, head, undefined);
        expect(out.view().toString("latin1")).toBe(text);
        for (const [i, [name, text]] of list.entries())
          expect([head.fieldName(i + 1), head.fieldValue(i + 1)]).toEqual([name, text]);
      }),
      { numRuns: 500 },
    );
  });

  test("a response head that is passed on says the same again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), value, fields, (status, reason, list) => {
        fc.pre(status !== 204);
        const text = `HTTP/1.1 ${status} ${reason}\r\nContent-Length: 1\r\n${list.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`;
        const bytes = Buffer.from(text, "latin1");
        const head = decodeResponseHead(bytes, 0, bytes.length, "GET", RESPONSE_LIMITS);
        if (head === undefined) throw new Error("incomplete");
        const out = new ByteWriter(8);
        encodeResponseHead(out, head, undefined, { minor: 1, close: false, isConnect: false });
        expect(out.view().toString("latin1")).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("chunks that are written are read as the same body and trailers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })),
        fc.array(field, { maxLength: 3 }),
        (chunks, list) => {
          const out = new ByteWriter(8);
          for (const chunk of chunks) {
            out.text(`${chunk.length.toString(16)}\r\n`);
            out.append(chunk);
            out.text("\r\n");
          }
          encodeLastChunk(out, {
            fieldCount: list.length,
            fieldName: (i) => list[i]?.[0] ?? "",
            fieldValue: (i) => list[i]?.[1] ?? "",
          });
          const decoder = new BodyDecoder("upstream");
          const read: Buffer[] = [];
          let trailers: Fields | undefined;
          decoder.reset("chunked", -1);
          decoder.decode(Buffer.from(out.view()), 0, {
            onBodyData: (bytes, start, end) => read.push(bytes.subarray(start, end)),
            onBodyEnd: (fields) => {
              trailers = fields;
            },
          });
          expect(decoder.isIdle).toBe(true);
          expect(Buffer.concat(read).equals(Buffer.concat(chunks))).toBe(true);
          expect(trailers?.fieldCount ?? 0).toBe(list.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("any bytes give a value or our error, however they are cut", () => {
  test("request heads", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(firstOutcome(bytes, requestOutcome)).toBe(requestOutcome(bytes));
      }),
      RUNS,
    );
  });

  test("response heads", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(firstOutcome(bytes, responseOutcome)).toBe(responseOutcome(bytes));
      }),
      RUNS,
    );
  });

  test("bodies", () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.constantFrom<BodyKind>("length", "chunked", "until-close"),
        fc.array(fc.nat(), { maxLength: 8 }),
        (bytes, kind, places) => {
          expect(bodyOutcome(kind, cut(bytes, places))).toBe(bodyOutcome(kind, [bytes]));
        },
      ),
      RUNS,
    );
  });
});
