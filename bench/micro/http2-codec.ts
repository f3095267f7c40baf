/**
 * What HPACK and the heads of HTTP/2 cost, without a socket: `npm run -s bun -- bench/micro/http2-codec.ts`. Heads follow each
 * other as on one connection: what a table may remember is the same in all of them, the request's id and the date are not.
 */
import { decodeHuffman, maxDecodedBytes } from "#wire/hpack/decode-huffman.ts";
import { encodeHuffman, huffmanBytes } from "#wire/hpack/encode-huffman.ts";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import {
  decodeRequestHead as decodeHttp1Request,
  REQUEST_LIMITS,
} from "#wire/http1/request-head.ts";
import {
  decodeResponseHead as decodeHttp1Response,
  RESPONSE_LIMITS,
} from "#wire/http1/response-head.ts";
import { decodeRequestHead } from "#wire/http2/head/decode-request-head.ts";
import { decodeResponseHead } from "#wire/http2/head/decode-response-head.ts";
import type { Dialect } from "#wire/http2/head/dialect.ts";
import { encodeRequestHead } from "#wire/http2/head/encode-request-head.ts";
import { encodeResponseHead } from "#wire/http2/head/encode-response-head.ts";

const HEADS = 20_000;
const ROUNDS = 15;
const TABLE_BYTES: Readonly<Record<Dialect, number>> = { standard: 4_096, weft: 16_384 };
const limits = { maxBytes: 60 * 1024, maxFields: 100 };

const bare = () => "GET /ok HTTP/1.1\r\nHost: 127.0.0.1:18090\r\n\r\n";
const usual = (i: number) =>
  `GET /api/orders/${i % 100}?full=1 HTTP/1.1\r\nHost: orders.shop:8080\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n` +
  `Accept-Encoding: gzip\r\nX-Request-Id: ${uuid(i)}\r\n\r\n`;
const browser = (i: number) =>
  `GET /static/page-${i % 50}.js HTTP/1.1\r\nHost: www.shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko\r\n` +
  "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n" +
  `Referer: https://www.shop.example/\r\nCookie: session=${uuid(i % 10)}; theme=dark\r\nX-Request-Id: ${uuid(i)}\r\n` +
  `traceparent: 00-${uuid(i).replaceAll("-", "")}-00f067aa0ba902b7-01\r\n\r\n`;
const answer = (i: number) =>
  `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 10:16:${String(10 + (i >> 10)).slice(0, 2)} GMT\r\n` +
  `Content-Type: text/plain\r\nContent-Length: 1024\r\nETag: "${i % 200}"\r\n\r\n`;

function uuid(i: number): string {
  const digits = (i * 2_654_435_761).toString(16).padStart(12, "0").slice(-12);
  return `3c2b7c1e-2f9d-4a57-9a1b-${digits}`;
}

function report(name: string, nsPerHead: number, bytes: number | undefined): void {
  const size = bytes === undefined ? "" : `${bytes.toFixed(0).padStart(6)} bytes`;
  process.stdout.write(`${name.padEnd(52)} ${nsPerHead.toFixed(0).padStart(6)} ns${size}\n`);
}

/** Of processor time, the best of some rounds over all heads: other work on the machine only makes it more. */
function bestOf(round: () => () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const run = round();
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1e3) / HEADS);
  }
  return best;
}

type Encode<H> = (out: ByteWriter, hpack: HpackEncoder, head: H, dialect: Dialect) => void;
type Decode = (hpack: HpackDecoder, block: Buffer, dialect: Dialect) => unknown;

function measure<H>(
  what: string,
  dialect: Dialect,
  heads: readonly H[],
  encode: Encode<H>,
  decode: Decode,
): void {
  const out = new ByteWriter(64 * 1024);
  const encoding = bestOf(() => {
    const hpack = new HpackEncoder({ maxTableBytes: TABLE_BYTES[dialect] });
    hpack.allowTableBytes(TABLE_BYTES[dialect]);
    return () => {
      for (const head of heads) {
        out.clear();
        encode(out, hpack, head, dialect);
      }
    };
  });
  const hpack = new HpackEncoder({ maxTableBytes: TABLE_BYTES[dialect] });
  hpack.allowTableBytes(TABLE_BYTES[dialect]);
  const blocks = heads.map((head) => {
    out.clear();
    encode(out, hpack, head, dialect);
    return Buffer.from(out.view());
  });
  const bytes = blocks.reduce((sum, { length }) => sum + length, 0) / HEADS;
  report(`encode ${what}, ${dialect}`, encoding, bytes);
  const decoding = bestOf(() => {
    const decoder = new HpackDecoder(TABLE_BYTES[dialect]);
    return () => {
      for (const block of blocks) decode(decoder, block, dialect);
    };
  });
  report(`decode ${what}, ${dialect}`, decoding, undefined);
}

const all = <T>(make: (i: number) => T): T[] => Array.from({ length: HEADS }, (_, i) => make(i));

function requests(text: (i: number) => string) {
  return all((i) => {
    const bytes = Buffer.from(text(i));
    const head = decodeHttp1Request(bytes, 0, bytes.length, REQUEST_LIMITS);
    if (head === undefined) throw new Error("incomplete");
    return head;
  });
}

const responses = all((i) => {
  const bytes = Buffer.from(answer(i));
  const head = decodeHttp1Response(bytes, 0, bytes.length, "GET", RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
});

for (const dialect of ["standard", "weft"] as const) {
  const to = { limits, endStream: true, dialect, allowsExtendedConnect: false };
  for (const [what, text] of [
    ["a bare request", bare],
    ["a request of 5 fields", usual],
    ["a browser's request", browser],
  ] as const)
    measure(
      what,
      dialect,
      requests(text),
      (out, hpack, head, as) => encodeRequestHead(out, hpack, head, undefined, as),
      (hpack, block) => decodeRequestHead(hpack, block, 0, block.length, to),
    );
  const answerTo = { ...to, endStream: false, method: "GET" };
  measure(
    "a response of 5 fields",
    dialect,
    responses,
    (out, hpack, head, as) => encodeResponseHead(out, hpack, head, undefined, as),
    (hpack, block) => decodeResponseHead(hpack, block, 0, block.length, answerTo),
  );
}

const plain = Buffer.from(uuid(17));
const coded = Buffer.alloc(huffmanBytes(plain, 0, plain.length));
encodeHuffman(plain, 0, plain.length, coded, 0);
const room = Buffer.alloc(maxDecodedBytes(coded.length));
report(
  "Huffman's code of a request id, to encode",
  bestOf(() => () => {
    for (let i = 0; i < HEADS; i++) encodeHuffman(plain, 0, plain.length, coded, 0);
  }),
  coded.length,
);
report(
  "Huffman's code of a request id, to decode",
  bestOf(() => () => {
    for (let i = 0; i < HEADS; i++) decodeHuffman(coded, 0, coded.length, room, 0);
  }),
  plain.length,
);
