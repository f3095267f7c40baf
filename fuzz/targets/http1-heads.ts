import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeRequestHead, encodeResponseHead } from "#wire/http1/encode-head.ts";
import type { Http1RequestHead, Http1ResponseHead } from "#wire/http1/head.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { Http1Error } from "#wire/http1/http1-error.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const withHost = new HeadEdits().set("host", "a");

type AnyHead = Http1RequestHead | Http1ResponseHead;

const DICTIONARY = [
  "GET / HTTP/1.1\r\n",
  "CONNECT a:1 HTTP/1.1\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0",
  "Host: a\r\n",
  "\r\n",
  "\r",
  "\n",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: x, close\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: websocket\r\n",
  "http://a/",
  "*",
  "[::1]:8080",
  "%41",
  "\x7f",
  "\xff",
  "chunked",
  "TE: trailers\r\n",
  "99999999999999999999",
];

function decodeOr(decode: () => AnyHead | undefined): AnyHead | string {
  try {
    return decode() ?? "incomplete";
  } catch (cause) {
    if (cause instanceof Http1Error) return cause.code;
    throw cause;
  }
}

function summary(outcome: AnyHead | string): string {
  if (typeof outcome === "string") return outcome;
  const lines = Array.from(
    { length: outcome.fieldCount },
    (_, i) => outcome.fieldName(i) + outcome.fieldValue(i),
  );
  return JSON.stringify([outcome.facts, lines]);
}

/** The same verdict from every prefix that has one, and what is passed on is a valid head again. */
function check(
  bytes: Buffer,
  decode: (bytes: Buffer) => AnyHead | undefined,
  encode: (out: ByteWriter, head: AnyHead) => void,
): void {
  const whole = decodeOr(() => decode(bytes));
  const expected = summary(whole);
  for (let end = 0; end < bytes.length; end += 1 + (bytes.length >> 4)) {
    const prefix = decodeOr(() => decode(bytes.subarray(0, end)));
    if (prefix !== "incomplete") mustEqual(summary(prefix), expected, `prefix of ${end}`);
  }
  if (typeof whole === "string") return;
  const out = new ByteWriter(64);
  encode(out, whole);
  const again = decodeOr(() => decode(Buffer.from(out.view())));
  if (typeof again === "string") throw new Error(`what was passed on is ${again}`);
  mustEqual(again.facts.bodyKind, whole.facts.bodyKind, "framing of what was passed on");
}

export const requestHead: FuzzTarget = {
  name: "http1-request-head",
  dictionary: DICTIONARY,
  run: (bytes) =>
    check(
      bytes,
      (piece) => decodeRequestHead(piece, 0, piece.length, REQUEST_LIMITS),
      (out, head) => {
        // Without Host an HTTP/1.0 request cannot go on: the router sets one.
        const edits = head.kind === "request" && head.authority === "" ? withHost : undefined;
        if (head.kind === "request") encodeRequestHead(out, head, edits);
      },
    ),
};

export const responseHead: FuzzTarget = {
  name: "http1-response-head",
  dictionary: DICTIONARY,
  run: (bytes) =>
    check(
      bytes,
      (piece) => decodeResponseHead(piece, 0, piece.length, "HEAD", RESPONSE_LIMITS),
      (out, head) => {
        if (head.kind === "response")
          encodeResponseHead(out, head, undefined, { minor: 1, close: false, isConnect: false });
      },
    ),
};
