/** Heads of HTTP/1 through HTTP/2 and back, many over the same tables; and any bytes at all. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { HpackError } from "#wire/hpack/hpack-error.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import {
  encodeRequestHead as encodeHttp1Request,
  encodeResponseHead as encodeHttp1Response,
} from "#wire/http1/encode-head.ts";
import type { Http1RequestHead, Http1ResponseHead } from "#wire/http1/head.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { decodeRequestHead as decodeHttp1, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import {
  decodeResponseHead as decodeHttp1Response,
  RESPONSE_LIMITS,
} from "#wire/http1/response-head.ts";
import { Http2Error } from "../http2-error.ts";
import type { Dialect } from "./dialect.ts";
import { encodeRequestHead } from "./encode-request-head.ts";
import { encodeResponseHead } from "./encode-response-head.ts";
import {
  blockOf,
  type Field,
  linesOf,
  requestOf,
  responseOf,
  textOf,
  trailersOf,
} from "./testing/blocks.ts";

const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const token = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 });
const space = fc.constantFrom(" ", " ", " ", " ", "", "  ", "\t");
const value = fc.oneof(
  fc.constantFrom("", "*/*", "gzip, deflate", "curl/8.0", "a".repeat(200)),
  fc.string({
    unit: fc
      .integer({ min: 33, max: 255 })
      .filter((code) => code !== 127)
      .map((code) => String.fromCharCode(code)),
    maxLength: 30,
  }),
);
/** Names that mean nothing to the connection, often the same ones. */
const name = fc.oneof(
  fc.constantFrom(
    "Accept",
    "accept",
    "User-Agent",
    "X-Request-Id",
    "traceparent",
    "Authorization",
    "ETag",
  ),
  token.map((text) => `x${text}`),
);
const line = fc
  .tuple(name, space, value, fc.constantFrom("", "", "", " ", "\t "))
  .map(([text, before, content, after]) => `${text}:${before}${content}${after}\r\n`);
const cookie = value.map((content) => `Cookie: ${content}\r\n`);
const lines = fc.array(fc.oneof({ weight: 6, arbitrary: line }, cookie), { maxLength: 14 });

const FRAMINGS = [
  "",
  "",
  "Content-Length: 0\r\n",
  "content-length:17\r\n",
  "Transfer-Encoding: chunked\r\n",
];
const HOPS = [
  "",
  "",
  "Connection: close\r\n",
  "Connection: x-hop\r\nX-Hop: 1\r\n",
  "TE: trailers\r\n",
  "Keep-Alive: 1\r\n",
];
const target = fc.oneof(
  fc.constantFrom("/", "/a?b=c", "http://b:8080/p", "https://b?q"),
  fc.string({ unit: fc.constantFrom(..."abc/?%=&;,.~"), maxLength: 30 }).map((text) => `/${text}`),
);
/** The text of a request, Host and framing somewhere among its lines. */
const requestText = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "M-SEARCH"),
    target,
    minor: fc.constantFrom(1, 1, 1, 0),
    host: fc.constantFrom("Host: a\r\n", "host:b:80\r\n", "HOST:  c.d \r\n"),
    hop: fc.constantFrom(...HOPS),
    framing: fc.constantFrom(...FRAMINGS),
    lines,
    places: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  })
  .map((given) => {
    const all = [...given.lines];
    const framing = given.minor === 0 && given.framing.startsWith("T") ? "" : given.framing;
    for (const [i, extra] of [given.host, given.hop, framing].entries())
      all.splice((given.places[i] ?? 0) % (all.length + 1), 0, extra);
    return `${given.method} ${given.target} HTTP/1.${given.minor}\r\n${all.join("")}\r\n`;
  });

const responseText = fc
  .record({
    status: fc.constantFrom(200, 204, 302, 304, 404, 500, 599, 103),
    reason: fc.oneof(
      fc.constantFrom("OK", "Not Found", ""),
      value.map((text) => text.trim()),
    ),
    minor: fc.constantFrom(1, 1, 0),
    framing: fc.constantFrom(...FRAMINGS),
    lines,
    place: fc.nat(),
  })
  .map((given) => {
    const all = [...given.lines];
    const framing = given.minor === 0 && given.framing.startsWith("T") ? "" : given.framing;
    all.splice(given.place % (all.length + 1), 0, framing);
    return `HTTP/1.${given.minor} ${given.status} ${given.reason}\r\n${all.join("")}\r\n`;
  });

const edit = fc.oneof(
  fc.tuple(fc.constant("set" as const), name, value),
  fc.tuple(fc.constant("set" as const), fc.constantFrom("host"), fc.constantFrom("edited")),
  fc.tuple(fc.constant("remove" as const), name, value),
  fc.tuple(fc.constant("rename" as const), name, name),
  fc.tuple(fc.constant("add" as const), name, value),
);
const edits = fc.option(
  fc.array(edit, { maxLength: 4 }).map((list) => {
    const made = new HeadEdits();
    for (const [kind, text, content] of list) {
      if (kind === "set") made.set(text, content);
      else if (kind === "add") made.add(text, content);
      else if (kind === "rename") made.rename(text, content);
      else made.remove(text);
    }
    return made;
  }),
  { nil: undefined },
);

function requestHead(text: string): Http1RequestHead {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeHttp1(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
}

function responseHead(text: string): Http1ResponseHead {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeHttp1Response(bytes, 0, bytes.length, "GET", RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
}

function http1Of(head: Http1RequestHead | Http1ResponseHead, given?: HeadEdits): string {
  const out = new ByteWriter(16);
  if (head.kind === "request") encodeHttp1Request(out, head, given);
  else encodeHttp1Response(out, head, given, { minor: 1, close: false, isConnect: false });
  return textOf(out);
}

/** Both sides of one connection. */
class Hop {
  readonly #encoder: HpackEncoder;
  readonly #decoder = new HpackDecoder(16_384);
  readonly #out = new ByteWriter(16);
  readonly #dialect: Dialect;

  constructor(dialect: Dialect, maxTableBytes: number, huffman: "kept" | "all") {
    this.#dialect = dialect;
    this.#encoder = new HpackEncoder({ maxTableBytes, huffman });
    this.#encoder.allowTableBytes(16_384);
  }

  request(head: Http1RequestHead, given?: HeadEdits): Http1RequestHead {
    this.#out.clear();
    encodeRequestHead(this.#out, this.#encoder, head, given, this.#dialect);
    return requestOf(Buffer.from(this.#out.view()), this.#options(head), this.#decoder);
  }

  response(head: Http1ResponseHead, given?: HeadEdits): Http1ResponseHead {
    this.#out.clear();
    encodeResponseHead(this.#out, this.#encoder, head, given, this.#dialect);
    return responseOf(Buffer.from(this.#out.view()), this.#options(head), this.#decoder);
  }

  #options(head: Http1RequestHead | Http1ResponseHead) {
    const isInformational = head.kind === "response" && head.status < 200;
    return { dialect: this.#dialect, endStream: head.bodyKind === "none" && !isInformational };
  }
}

const hop = (dialect: Dialect) =>
  fc
    .record({
      maxTableBytes: fc.constantFrom(0, 100, 4_096, 16_384),
      huffman: fc.constantFrom("kept" as const, "all" as const),
    })
    .map(
      ({ maxTableBytes, huffman }) =>
        () =>
          new Hop(dialect, maxTableBytes, huffman),
    );

const RUNS = { numRuns: 400 };

describe("in Weft's dialect, what is passed on by HTTP/1 in the end is the same byte for byte", () => {
  test("requests, with edits on the way", () => {
    fc.assert(
      fc.property(
        hop("weft"),
        fc.array(fc.tuple(requestText, edits), { maxLength: 12 }),
        (open, all) => {
          const weft = open();
          for (const [text, given] of all) {
            const head = requestHead(text);
            const far = weft.request(head, given);
            expect(http1Of(far)).toBe(http1Of(head, given));
            expect([far.bodyKind, far.contentLength]).toEqual([head.bodyKind, head.contentLength]);
          }
        },
      ),
      RUNS,
    );
  });

  test("responses, with edits on the way", () => {
    fc.assert(
      fc.property(
        hop("weft"),
        fc.array(fc.tuple(responseText, edits), { maxLength: 12 }),
        (open, all) => {
          const weft = open();
          for (const [text, given] of all) {
            const head = responseHead(text);
            expect(http1Of(weft.response(head, given))).toBe(http1Of(head, given));
          }
        },
      ),
      RUNS,
    );
  });
});

/**
 * What the standard dialect may change of a head, undone: names are in lower case, white space is plain, Host comes first, cookies
 * are one field, framing comes last, the reason is the usual one, the empty path of an absolute target is not told.
 */
function normal(text: string): {
  line: string;
  fields: Field[];
  host: string[];
  framing: string[];
} {
  const [line = "", ...rest] = text.slice(0, -4).split("\r\n");
  const fields: Field[] = [];
  const host: string[] = [];
  const framing: string[] = [];
  const cookies: string[] = [];
  let hasCookies = false;
  for (const text of rest) {
    const colon = text.indexOf(":");
    const name = text.slice(0, colon).toLowerCase();
    const content = text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (name === "host") host.push(content);
    else if (name === "transfer-encoding") framing.push(content);
    else if (name === "cookie" && line.endsWith("HTTP/1.1")) {
      hasCookies = true;
      if (content !== "") cookies.push(content);
    } else fields.push([name, content]);
  }
  if (hasCookies) fields.push(["cookie", cookies.join("; ")]);
  return { line: line.replace(/^(HTTP\/1.1 \d+).*$/, "$1"), fields, host, framing };
}

/** Cookies go to where the first one was, or to the end: their place is left out. */
function sorted(given: ReturnType<typeof normal>): ReturnType<typeof normal> {
  const isCookie = ([name]: Field): boolean => name === "cookie";
  const fields = [
    ...given.fields.filter((one) => !isCookie(one)),
    ...given.fields.filter(isCookie),
  ];
  return { ...given, fields };
}

describe("in the standard dialect, what is passed on by HTTP/1 in the end is the same but for what is documented", () => {
  test("requests, with edits on the way", () => {
    fc.assert(
      fc.property(
        hop("standard"),
        fc.array(fc.tuple(requestText, edits), { maxLength: 12 }),
        (open, all) => {
          const standard = open();
          for (const [text, given] of all) {
            const head = requestHead(text);
            const far = standard.request(head, given);
            expect(sorted(normal(http1Of(far)))).toEqual(sorted(normal(http1Of(head, given))));
            expect([far.bodyKind, far.contentLength]).toEqual([head.bodyKind, head.contentLength]);
          }
        },
      ),
      RUNS,
    );
  });

  test("responses, with edits on the way", () => {
    fc.assert(
      fc.property(
        hop("standard"),
        fc.array(fc.tuple(responseText, edits), { maxLength: 12 }),
        (open, all) => {
          const standard = open();
          for (const [text, given] of all) {
            const head = responseHead(text);
            const far = standard.response(head, given);
            const expected = normal(http1Of(head, given));
            // What the body would have been like is not told with an answer that has none.
            if (head.bodyKind === "none") expected.framing.length = 0;
            expect(normal(http1Of(far))).toEqual(expected);
          }
        },
      ),
      RUNS,
    );
  });
});

test("what an HTTP/2 head becomes is what the decoder of HTTP/1 reads from its bytes", () => {
  const field = fc.tuple(
    fc.string({ unit: fc.constantFrom(..."abcx-_0"), minLength: 1, maxLength: 8 }),
    value,
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), fc.boolean(), (fields, endStream) => {
      const head = requestOf(
        [[":method", "PUT"], [":scheme", "https"], [":path", "/p"], [":authority", "a"], ...fields],
        { endStream },
      );
      const again = decodeHttp1(head.bytes, head.base, head.base + head.sizeBytes, REQUEST_LIMITS);
      expect(again?.offsets).toEqual(head.offsets);
      expect([again?.mask, again?.known]).toEqual([head.mask, head.known]);
      expect({ ...again?.facts, version: "HTTP/2", scheme: "https" } as object).toEqual(head.facts);
    }),
    { numRuns: 1_000 },
  );
});

/** Names and values that are nearly valid reach further than noise. */
const odd = fc.tuple(
  fc.constantFrom(
    ":method",
    ":path",
    ":scheme",
    ":authority",
    ":protocol",
    ":status",
    ":reason",
    ":x",
    "host",
    "Host",
    "te",
    "content-length",
    "Content-Length:",
    "transfer-encoding",
    "upgrade",
    "cookie",
    "expect",
    "connection",
    "x",
    "X:",
    "",
  ),
  fc.oneof(
    fc.constantFrom(
      "GET",
      "CONNECT",
      "OPTIONS",
      "/",
      "*",
      "http",
      "https",
      "a",
      "a:1",
      "websocket",
      "200",
      "101",
      "0",
      "5",
      "chunked",
      " chunked",
      "trailers",
      "100-continue",
      " ",
      "a\r\nb: c",
      "\0",
      "",
    ),
    fc.string({ maxLength: 5 }),
  ),
);
const block = fc.oneof(
  fc
    .tuple(fc.array(odd, { maxLength: 10 }), fc.constantFrom(0x00, 0x10, 0x40))
    .map(([fields, form]) => blockOf(fields, form)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

test("any bytes give a head or one of two errors, and a head that is given can be passed on", () => {
  const decoders = [requestOf, responseOf, trailersOf] as const;
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 5 }),
      fc.constantFrom(...decoders),
      fc.constantFrom<Dialect>("standard", "weft"),
      fc.boolean(),
      fc.constantFrom("", "websocket"),
      (blocks, decode, dialect, endStream, upgrade) => {
        const hpack = new HpackDecoder();
        const limits = { maxBytes: 300, maxFields: 8 };
        const options = { dialect, endStream, limits, allowsExtendedConnect: true, upgrade };
        for (const bytes of blocks) {
          try {
            const head = decode(bytes, options, hpack);
            expect(linesOf(head).every(([, text]) => !/[\r\n\0]/.test(text))).toBe(true);
            if (!("kind" in head)) continue;
            const text = Buffer.from(http1Of(head as Http1RequestHead), "latin1");
            const again =
              decode === requestOf
                ? decodeHttp1(text, 0, text.length, REQUEST_LIMITS)
                : decodeHttp1Response(text, 0, text.length, "GET", RESPONSE_LIMITS);
            expect(again?.sizeBytes).toBe(text.length);
          } catch (cause) {
            if (cause instanceof HpackError) return;
            if (!(cause instanceof Http2Error)) throw cause;
          }
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
