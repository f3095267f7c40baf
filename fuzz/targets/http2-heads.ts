import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { HpackError } from "#wire/hpack/hpack-error.ts";
import { decodeBlock } from "#wire/hpack/testing/field-list.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import {
  encodeRequestHead as encodeHttp1Request,
  encodeResponseHead as encodeHttp1Response,
} from "#wire/http1/encode-head.ts";
import { Fields, type Http1RequestHead, Http1ResponseHead } from "#wire/http1/head.ts";
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
import { decodeTrailers } from "#wire/http2/head/decode-trailers.ts";
import type { DecodeHeadOptions } from "#wire/http2/head/dialect.ts";
import { encodeRequestHead } from "#wire/http2/head/encode-request-head.ts";
import { encodeResponseHead } from "#wire/http2/head/encode-response-head.ts";
import { encodeTrailers } from "#wire/http2/head/encode-trailers.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";
import { blocksOf } from "./hpack.ts";

type AnyHead = Http1RequestHead | Http1ResponseHead | Fields;
type Decode = (hpack: HpackDecoder, block: Buffer, options: DecodeHeadOptions) => AnyHead;
type Encode = (
  out: ByteWriter,
  hpack: HpackEncoder,
  head: AnyHead,
  options: DecodeHeadOptions,
) => void;

const LIMITS = { maxBytes: 1_000, maxFields: 20 };
const DICTIONARY = [
  "\x00\x07:method\x03GET",
  "\x00\x07:scheme\x04http",
  "\x00\x05:path\x01/",
  "\x00\x0a:authority\x01a",
  "\x00\x09:protocol\x09websocket",
  "\x00\x07:reason\x04Fine",
  "\x00\x07:status\x03200",
  "\x00\x04Host\x01a",
  "\x00\x06cookie\x01a",
  "\x00\x0econtent-length\x015",
  "\x00\x0fContent-Length:\x02 5",
  "\x00\x11transfer-encoding\x07chunked",
  "\x00\x07upgrade\x09websocket",
  "\x00\x02te\x08trailers",
  "\x40\x01x\x01y",
  "\x10\x01x\x01y",
  "\x82",
  "\x83",
  "\x84",
  "\x86",
  "\x88",
  "\xbe",
  "\x7e\x00",
  "\r\n",
  "\0",
  " ",
];

function textOf(head: AnyHead): string {
  // TE says nothing in a response; where there can be no body, neither does a length.
  let dropped = /^$/;
  if (head instanceof Http1ResponseHead) {
    const isBare = head.status < 200 || head.status === 204;
    dropped = isBare ? /^(te|content-length|transfer-encoding)$/i : /^te$/i;
  }
  const lines: string[][] = [];
  for (let i = 0; i < head.fieldCount; i++) {
    const line = [head.fieldName(i), head.fieldValue(i)];
    if (!dropped.test(line[0] ?? "")) lines.push(line);
  }
  return JSON.stringify(lines);
}

/**
 * The first byte says the options. Each block gives a head or one of two errors; whatever it gives, the table is as a decoder
 * that looks at nothing has it; and a head goes on, by HTTP/1 and by HTTP/2, as what it was.
 */
function check(
  bytes: Buffer,
  decode: Decode,
  encode: Encode,
  toHttp1: (head: AnyHead) => void,
): void {
  const first = bytes[0] ?? 0;
  const options: DecodeHeadOptions = {
    limits: LIMITS,
    endStream: (first & 1) !== 0,
    dialect: (first & 2) !== 0 ? "weft" : "standard",
    allowsExtendedConnect: (first & 4) !== 0,
  };
  const hpack = new HpackDecoder();
  const plain = new HpackDecoder();
  const encoder = new HpackEncoder();
  const peer = new HpackDecoder();
  for (const block of blocksOf(bytes.subarray(1))) {
    let head: AnyHead | undefined;
    try {
      head = decode(hpack, block, options);
    } catch (cause) {
      if (cause instanceof HpackError) return;
      if (!(cause instanceof Http2Error)) throw cause;
      if (cause.scope === "connection") return;
    }
    decodeBlock(plain, block);
    mustEqual(`${hpack.tableBytes}`, `${plain.tableBytes}`, "the table");
    if (head === undefined) continue;
    toHttp1(head);
    const out = new ByteWriter(64);
    encode(out, encoder, head, options);
    const again = decode(peer, Buffer.from(out.view()), options);
    mustEqual(textOf(again), textOf(head), "sent again");
  }
}

const whole = (text: Buffer, size: number | undefined): void =>
  mustEqual(`${size}`, `${text.length}`, "what is passed on to HTTP/1");

export const http2RequestHead: FuzzTarget = {
  name: "http2-request-head",
  dictionary: DICTIONARY,
  run: (bytes) =>
    check(
      bytes,
      (hpack, block, options) => decodeRequestHead(hpack, block, 0, block.length, options),
      (out, hpack, head, { dialect }) =>
        encodeRequestHead(out, hpack, head as Http1RequestHead, undefined, dialect),
      (head) => {
        const out = new ByteWriter(64);
        encodeHttp1Request(out, head as Http1RequestHead, undefined);
        const text = Buffer.from(out.view());
        const again = decodeHttp1Request(text, 0, text.length, REQUEST_LIMITS);
        whole(text, again?.sizeBytes);
        mustEqual(again?.bodyKind ?? "", (head as Http1RequestHead).bodyKind, "framing");
      },
    ),
};

export const http2ResponseHead: FuzzTarget = {
  name: "http2-response-head",
  dictionary: DICTIONARY,
  run: (bytes) =>
    check(
      bytes,
      (hpack, block, options) => {
        const to = { ...options, method: "GET" };
        return decodeResponseHead(hpack, block, 0, block.length, to);
      },
      (out, hpack, head, { dialect }) =>
        encodeResponseHead(out, hpack, head as Http1ResponseHead, undefined, dialect),
      (head) => {
        const out = new ByteWriter(64);
        const to = { minor: 1 as const, close: false, isConnect: false };
        encodeHttp1Response(out, head as Http1ResponseHead, undefined, to);
        const text = Buffer.from(out.view());
        whole(text, decodeHttp1Response(text, 0, text.length, "GET", RESPONSE_LIMITS)?.sizeBytes);
      },
    ),
};

export const http2Trailers: FuzzTarget = {
  name: "http2-trailers",
  dictionary: DICTIONARY,
  run: (bytes) =>
    check(
      bytes,
      (hpack, block, options) => decodeTrailers(hpack, block, 0, block.length, options),
      (out, hpack, head, { dialect }) => encodeTrailers(out, hpack, head, dialect),
      (head) => {
        if (!(head instanceof Fields)) throw new Error("not fields");
      },
    ),
};
