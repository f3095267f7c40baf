import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeRequestHead } from "#wire/http1/encode-head.ts";
import { hashOf } from "#wire/http1/field-name.ts";
import { decodeRequestHead as decodeHttp1, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import type { Http2Reason } from "../http2-error.ts";
import { blockOf, type Field, linesOf, outcomeOf, requestOf, textOf } from "./testing/blocks.ts";

const GET: Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/a?b=c"],
  [":authority", "web:80"],
];
const POST: Field[] = [[":method", "POST"], ...GET.slice(1)];
const CONNECT: Field[] = [
  [":method", "CONNECT"],
  [":authority", "db:5432"],
];

const reasonOf = (fields: readonly Field[] | Buffer, options = {}): string =>
  outcomeOf(() => requestOf(fields, options));

/** The head as the encoder of HTTP/1 sends it. */
function asHttp1(...args: Parameters<typeof requestOf>): string {
  const out = new ByteWriter(16);
  encodeRequestHead(out, requestOf(...args), undefined);
  return textOf(out);
}

describe("a request", () => {
  test("is a head like one of HTTP/1, and says that it came by HTTP/2", () => {
    const head = requestOf([...GET, ["x-two", "1"], ["empty", ""], ["x-two", "2"]], {
      endStream: true,
    });
    expect(head.method).toBe("GET");
    expect(head.target).toBe("/a?b=c");
    expect(head.path).toBe("/a?b=c");
    expect(head.form).toBe("origin");
    expect(head.authority).toBe("web:80");
    expect(head.protocol).toBe("HTTP/2");
    expect(head.facts.scheme).toBe("http");
    expect(head.field("x-two")).toBe("1,2");
    expect(head.field("host")).toBe("web:80");
    expect(head.field("empty")).toBe("");
    expect(head.has("absent")).toBe(false);
    expect(linesOf(head).map(([name]) => name)).toEqual(["host", "x-two", "empty", "x-two"]);
    expect(head.bytes.toString("latin1", head.base, head.base + head.sizeBytes)).toEndWith(
      "\r\n\r\n",
    );
  });

  test("has the bytes, offsets, hashes and bits that the decoder of HTTP/1 gives", () => {
    const head = requestOf([
      ...POST,
      ["te", "trailers"],
      ["content-length", "12"],
      ["expect", "100-continue"],
      ["x-a", "caf\xe9"],
    ]);
    const again = decodeHttp1(head.bytes, head.base, head.base + head.sizeBytes, REQUEST_LIMITS);
    if (again === undefined) throw new Error("incomplete");
    expect(again.offsets).toEqual(head.offsets);
    expect([again.mask, again.known, again.fieldCount]).toEqual([
      head.mask,
      head.known,
      head.fieldCount,
    ]);
    expect({ ...again.facts, version: "HTTP/2", scheme: "http" } as object).toEqual(head.facts);
  });

  test("may have its pseudo-fields in any order", () => {
    const expected = asHttp1(GET);
    for (const order of [
      [3, 2, 1, 0],
      [1, 0, 3, 2],
      [2, 3, 0, 1],
      [3, 0, 2, 1],
    ])
      expect(asHttp1(order.map((i) => GET[i] ?? ["", ""]))).toBe(expected);
  });

  test("goes on to HTTP/1 with its host first", () => {
    expect(asHttp1([...GET, ["accept", "*/*"]], { endStream: true })).toBe(
      "GET /a?b=c HTTP/1.1\r\nhost: web:80\r\naccept: */*\r\n\r\n",
    );
  });

  test("may name its host as a field only, or as a field too", () => {
    const bare = GET.slice(0, 3);
    expect(requestOf([...bare, ["accept", "*/*"], ["host", "a"]]).authority).toBe("a");
    expect(linesOf(requestOf([...GET, ["accept", "*/*"], ["host", "WEB:80"]]))).toEqual([
      ["host", "web:80"],
      ["accept", "*/*"],
      ["transfer-encoding", "chunked"],
    ]);
  });

  test("of OPTIONS may be for the server as a whole", () => {
    const head = requestOf([
      [":method", "OPTIONS"],
      [":scheme", "https"],
      [":path", "*"],
      [":authority", "a"],
    ]);
    expect([head.form as string, head.path, head.facts.scheme]).toEqual(["asterisk", "*", "https"]);
  });

  test.each(["PUT", "DELETE", "M-SEARCH", "get", "x".repeat(300)])(
    "has the method %s",
    (method) => {
      expect(requestOf([[":method", method], ...GET.slice(1)]).method).toBe(method);
    },
  );

  test("keeps nothing of the memory that the next one is put together in", () => {
    const hpack = new HpackDecoder();
    const first = requestOf([...GET, ["x-a", "first"]], {}, hpack);
    requestOf([...GET, ["x-a", "other"]], {}, hpack);
    expect(first.field("x-a")).toBe("first");
  });

  test("tells which of its fields nobody is to keep", () => {
    const block = Buffer.concat([
      blockOf(GET),
      blockOf([["x-key", "k"]], 0x10),
      blockOf([["a", "b"]]),
    ]);
    const { sensitive } = requestOf(block);
    expect(sensitive).toBe(1 << (hashOf("x-key") & 31));
  });
});

describe("the body of a request", () => {
  test.each<[string, Field[], boolean, string, number]>([
    ["is none when the stream ends", [], true, "none", -1],
    ["is none for a length of zero", [["content-length", "0"]], true, "none", 0],
    [
      "is none for a length of zero while the stream goes on",
      [["content-length", "0"]],
      false,
      "none",
      0,
    ],
    ["has its length", [["content-length", "12"]], false, "length", 12],
    ["is chunked to HTTP/1 without one", [], false, "chunked", -1],
  ])("%s", (_, fields, endStream, kind, length) => {
    const head = requestOf([...POST, ...fields], { endStream });
    expect([head.bodyKind as string, head.contentLength]).toEqual([kind, length]);
    expect(head.has("transfer-encoding")).toBe(kind === "chunked");
  });

  test("is waited for by who says so", () => {
    expect(requestOf([...POST, ["expect", "100-Continue"]]).expectsContinue).toBe(true);
    expect(requestOf(POST).expectsContinue).toBe(false);
  });

  test.each<[string, Http2Reason]>([
    ["", "bad-content-length"],
    ["+1", "bad-content-length"],
    ["-1", "bad-content-length"],
    ["01", "bad-content-length"],
    ["1, 1", "bad-content-length"],
    ["0x1", "bad-content-length"],
    ["1.0", "bad-content-length"],
    ["9007199254740992", "bad-content-length"],
    ["99999999999999999999", "bad-content-length"],
    ["1 ", "bad-field-value"],
  ])("has no length of %j", (value, reason) => {
    expect(reasonOf([...POST, ["content-length", value]])).toBe(reason);
  });

  test("has one length", () => {
    const twice: Field[] = [
      ["content-length", "1"],
      ["content-length", "1"],
    ];
    expect(reasonOf([...POST, ...twice])).toBe("bad-content-length");
  });

  test("cannot be missing when a length is promised", () => {
    expect(reasonOf([...POST, ["content-length", "1"]], { endStream: true })).toBe(
      "body-length-mismatch",
    );
  });
});

describe("cookie crumbs", () => {
  test("beside each other become one line", () => {
    const head = requestOf([
      ...GET,
      ["cookie", "a=1"],
      ["cookie", "b=2"],
      ["cookie", "c"],
      ["x", "y"],
    ]);
    expect(linesOf(head).slice(1, 3)).toEqual([
      ["cookie", "a=1; b=2; c"],
      ["x", "y"],
    ]);
  });

  test("with other fields in between become one line at the end", () => {
    const head = requestOf(
      [...GET, ["cookie", "a=1"], ["x", "y"], ["cookie", "b=2"], ["cookie", "c=3"], ["z", "1"]],
      { endStream: true },
    );
    expect(linesOf(head)).toEqual([
      ["host", "web:80"],
      ["x", "y"],
      ["z", "1"],
      ["cookie", "a=1; b=2; c=3"],
    ]);
    expect(head.field("cookie")).toBe("a=1; b=2; c=3");
    const again = decodeHttp1(head.bytes, head.base, head.base + head.sizeBytes, REQUEST_LIMITS);
    expect(again?.offsets).toEqual(head.offsets);
  });

  test("that are empty add nothing", () => {
    const crumbs = (...values: string[]): string | undefined =>
      requestOf([...GET, ...values.map((value): Field => ["cookie", value])]).field("cookie");
    expect(crumbs("", "a", "", "b", "")).toBe("a; b");
    expect(crumbs("a", "")).toBe("a");
    expect(crumbs("", "")).toBe("");
  });

  test("are told from fields whose name has the same hash", () => {
    expect(hashOf("coom+e")).toBe(hashOf("cookie"));
    const head = requestOf(
      [...GET, ["cookie", "a"], ["coom+e", "b"], ["cookie", "c"], ["coom+e", "d"]],
      { endStream: true },
    );
    expect(linesOf(head).slice(1)).toEqual([
      ["coom+e", "b"],
      ["coom+e", "d"],
      ["cookie", "a; c"],
    ]);
  });

  test("count as fields each", () => {
    const crumbs = (count: number): Field[] => Array.from({ length: count }, () => ["cookie", "a"]);
    expect(reasonOf([...GET, ...crumbs(100)])).toBe("valid");
    expect(reasonOf([...GET, ...crumbs(101)])).toBe("too-many-fields");
  });
});

describe("a request is malformed", () => {
  const without = (name: string): Field[] => GET.filter(([given]) => given !== name);
  test.each<[string, Field[], Http2Reason]>([
    ["no fields", [], "missing-pseudo-field"],
    ["no method", without(":method"), "missing-pseudo-field"],
    ["no scheme", without(":scheme"), "missing-pseudo-field"],
    ["no path", without(":path"), "missing-pseudo-field"],
    ["no host at all", without(":authority"), "missing-host"],
    ["an empty method", [[":method", ""], ...GET.slice(1)], "bad-method"],
    ["a method that is no token", [[":method", "G T"], ...GET.slice(1)], "bad-method"],
    [
      "a method that would inject a line",
      [[":method", "G\r\nT"], ...GET.slice(1)],
      "bad-field-value",
    ],
    ["an empty scheme", [[":scheme", ""], ...without(":scheme")], "bad-scheme"],
    ["another scheme", [[":scheme", "ftp"], ...without(":scheme")], "bad-scheme"],
    ["a scheme in upper case", [[":scheme", "HTTP"], ...without(":scheme")], "bad-scheme"],
    ["an empty path", [[":path", ""], ...without(":path")], "bad-path"],
    ["a path without a slash", [[":path", "a"], ...without(":path")], "bad-path"],
    ["an absolute path", [[":path", "http://a/"], ...without(":path")], "bad-path"],
    ["an asterisk for GET", [[":path", "*"], ...without(":path")], "bad-path"],
    ["a path with a space", [[":path", "/a b"], ...without(":path")], "bad-path"],
    ["a path with a fragment", [[":path", "/a#b"], ...without(":path")], "bad-path"],
    ["a path that is not ASCII", [[":path", "/\xe9"], ...without(":path")], "bad-path"],
    [
      "a path that would inject a line",
      [[":path", "/\r\nx: y"], ...without(":path")],
      "bad-field-value",
    ],
    ["a path with NUL", [[":path", "/\0"], ...without(":path")], "bad-field-value"],
    ["a path that ends with a space", [[":path", "/ "], ...without(":path")], "bad-field-value"],
    ["an empty authority", [[":authority", ""], ...without(":authority")], "bad-authority"],
    [
      "an authority with a user",
      [[":authority", "u@a"], ...without(":authority")],
      "bad-authority",
    ],
    [
      "an authority with a path",
      [[":authority", "a/b"], ...without(":authority")],
      "bad-authority",
    ],
    [
      "an authority with port 0",
      [[":authority", "a:0"], ...without(":authority")],
      "bad-authority",
    ],
    ["two methods", [...GET, [":method", "GET"]], "repeated-pseudo-field"],
    ["two paths", [...GET, [":path", "/"]], "repeated-pseudo-field"],
    ["two schemes", [...GET, [":scheme", "http"]], "repeated-pseudo-field"],
    ["two authorities", [...GET, [":authority", "web:80"]], "repeated-pseudo-field"],
    ["a pseudo-field behind a field", [["a", "b"], ...GET], "late-pseudo-field"],
    ["a pseudo-field behind a cookie", [["cookie", "b"], ...GET], "late-pseudo-field"],
    ["an unknown pseudo-field", [...GET, [":foo", "b"]], "unknown-pseudo-field"],
    ["a pseudo-field of responses", [...GET, [":status", "200"]], "unknown-pseudo-field"],
    ["a pseudo-field in upper case", [...GET, [":METHOD", "GET"]], "unknown-pseudo-field"],
    ["a pseudo-field without a name", [...GET, [":", "GET"]], "bad-field-name"],
    ["the reason of Weft's dialect", [...GET, [":reason", "x"]], "unknown-pseudo-field"],
    ["a name in upper case", [...GET, ["X-a", "b"]], "upper-case-field-name"],
    ["a name in upper case at its end", [...GET, ["x-A", "b"]], "upper-case-field-name"],
    ["an empty name", [...GET, ["", "b"]], "bad-field-name"],
    ["a name with a space", [...GET, ["x a", "b"]], "bad-field-name"],
    ["a name with a colon", [...GET, ["x:a", "b"]], "bad-field-name"],
    ["a name that ends with a colon", [...GET, ["x:", "b"]], "bad-field-name"],
    ["a name that would inject a line", [...GET, ["x\r\ny", "b"]], "bad-field-name"],
    [
      "a name that would smuggle a length",
      [...GET, ["content-length: 5\r\nx", "b"]],
      "bad-field-name",
    ],
    ["a name with NUL", [...GET, ["x\0", "b"]], "bad-field-name"],
    ["a name that is not ASCII", [...GET, ["\xe9", "b"]], "bad-field-name"],
    ["a value with a line ending", [...GET, ["x", "b\r\ny: z"]], "bad-field-value"],
    ["a value with a bare LF", [...GET, ["x", "b\ny"]], "bad-field-value"],
    ["a value with a bare CR", [...GET, ["x", "b\ry"]], "bad-field-value"],
    ["a value with NUL", [...GET, ["x", "b\0"]], "bad-field-value"],
    ["a value with DEL", [...GET, ["x", "b\x7f"]], "bad-field-value"],
    ["a value that begins with a space", [...GET, ["x", " b"]], "bad-field-value"],
    ["a value that ends with a tab", [...GET, ["x", "b\t"]], "bad-field-value"],
    ["a value that is a space", [...GET, ["x", " "]], "bad-field-value"],
    ["Connection", [...GET, ["connection", "close"]], "connection-field"],
    ["Keep-Alive", [...GET, ["keep-alive", "timeout=5"]], "connection-field"],
    ["Proxy-Connection", [...GET, ["proxy-connection", "close"]], "connection-field"],
    ["Transfer-Encoding", [...POST, ["transfer-encoding", "chunked"]], "connection-field"],
    ["Upgrade", [...GET, ["upgrade", "websocket"]], "connection-field"],
    ["TE other than trailers", [...GET, ["te", "gzip"]], "bad-te"],
    ["TE with more than trailers", [...GET, ["te", "trailers, gzip"]], "bad-te"],
    ["Host that differs from the authority", [...GET, ["host", "other"]], "repeated-host"],
    [
      "two Hosts beside the authority",
      [...GET, ["host", "web:80"], ["host", "web:80"]],
      "repeated-host",
    ],
    ["two Hosts", [...without(":authority"), ["host", "a"], ["host", "a"]], "repeated-host"],
    ["a Host that is none", [...without(":authority"), ["host", "a b"]], "bad-authority"],
    ["an expectation that is not known", [...POST, ["expect", "200-ok"]], "expectation-failed"],
  ])("%s", (_, fields, reason) => {
    expect(reasonOf(fields)).toBe(reason);
  });
});

describe("CONNECT", () => {
  test("names its target, and has no body", () => {
    const head = requestOf(CONNECT);
    expect([head.method, head.target, head.authority, head.path]).toEqual([
      "CONNECT",
      "db:5432",
      "db:5432",
      "",
    ]);
    expect([head.form as string, head.bodyKind as string]).toEqual(["authority", "none"]);
    expect(asHttp1(CONNECT)).toBe("CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\n\r\n");
  });

  test.each<[string, Field[], Http2Reason]>([
    ["a path", [...CONNECT, [":path", "/"]], "unknown-pseudo-field"],
    ["a scheme", [...CONNECT, [":scheme", "http"]], "unknown-pseudo-field"],
    ["no target", CONNECT.slice(0, 1), "missing-pseudo-field"],
    [
      "a target without a port",
      [
        [":method", "CONNECT"],
        [":authority", "db"],
      ],
      "bad-authority",
    ],
    [
      "Host only",
      [
        [":method", "CONNECT"],
        ["host", "db:5432"],
      ],
      "missing-pseudo-field",
    ],
    ["a length", [...CONNECT, ["content-length", "1"]], "connect-with-body"],
    ["a length of zero", [...CONNECT, ["content-length", "0"]], "connect-with-body"],
  ])("is malformed with %s", (_, fields, reason) => {
    expect(reasonOf(fields)).toBe(reason);
  });

  const EXTENDED: Field[] = [
    [":method", "CONNECT"],
    [":scheme", "http"],
    [":path", "/chat"],
    [":authority", "a"],
    [":protocol", "websocket"],
    ["sec-websocket-version", "13"],
  ];

  test("with a protocol is an upgrade to HTTP/1", () => {
    const options = { allowsExtendedConnect: true };
    const head = requestOf(EXTENDED, options);
    expect([head.method, head.upgrade, head.bodyKind as string, head.target]).toEqual([
      "GET",
      "websocket",
      "none",
      "/chat",
    ]);
    expect(asHttp1(EXTENDED, options)).toBe(
      "GET /chat HTTP/1.1\r\nhost: a\r\nsec-websocket-version: 13\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    );
  });

  test("with a protocol has to be enabled, and whole", () => {
    expect(reasonOf(EXTENDED)).toBe("extended-connect-disabled");
    const options = { allowsExtendedConnect: true };
    const without = (name: string): Field[] => EXTENDED.filter(([given]) => given !== name);
    expect(reasonOf(without(":path"), options)).toBe("missing-pseudo-field");
    expect(reasonOf(without(":scheme"), options)).toBe("missing-pseudo-field");
    expect(reasonOf(without(":authority"), options)).toBe("missing-host");
    expect(reasonOf([...GET, [":protocol", "websocket"]], options)).toBe("unknown-pseudo-field");
    expect(reasonOf([...without(":protocol"), ["a", "b"]], options)).toBe("unknown-pseudo-field");
    expect(reasonOf([[":protocol", "a b"], ...without(":protocol")], options)).toBe(
      "unknown-pseudo-field",
    );
    expect(reasonOf([...EXTENDED, ["content-length", "0"]], options)).toBe("connect-with-body");
    expect(reasonOf([...EXTENDED, ["upgrade", "websocket"]], options)).toBe("connection-field");
    // What HTTP/1 would not be asked for either: it is another way in, around every policy.
    expect(reasonOf([[":protocol", "H2C"], ...without(":protocol")], options)).toBe(
      "unknown-pseudo-field",
    );
  });
});

describe("limits", () => {
  const limits = { maxBytes: 200, maxFields: 3 };
  const size = GET.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);

  test("a head of exactly the limit is read, one byte more is refused", () => {
    const value = "v".repeat(200 - size - 5);
    expect(reasonOf([...GET, ["x", value]], { limits })).toBe("valid");
    expect(reasonOf([...GET, ["x", `${value}v`]], { limits })).toBe("head-too-large");
  });

  test("one field too many is refused, a dropped Host counted", () => {
    const three: Field[] = [
      ["a", "1"],
      ["b", "1"],
      ["host", "web:80"],
    ];
    expect(reasonOf([...GET, ...three], { limits })).toBe("valid");
    expect(reasonOf([...GET, ...three, ["c", "1"]], { limits })).toBe("too-many-fields");
  });

  test("a limit above what offsets can say is cut", () => {
    const wide = { limits: { maxBytes: 10_000_000, maxFields: 10_000_000 } };
    const fits = 65_279 - size - 5;
    for (const options of [wide, { ...wide, endStream: true }]) {
      const head = requestOf([...GET, ["x", "v".repeat(fits)]], options);
      expect(head.field("x")).toHaveLength(fits);
      expect(head.sizeBytes).toBeLessThan(65_536);
    }
    expect(reasonOf([...GET, ["x", "v".repeat(fits + 1)]], wide)).toBe("head-too-large");
    const path = `/${"p".repeat(65_279 - size + 5)}`;
    expect(
      requestOf([[":path", path], ...GET.filter(([name]) => name !== ":path")], wide).path,
    ).toBe(path);
    const many: Field[] = Array.from({ length: 1_001 }, () => ["x", ""]);
    expect(reasonOf([...GET, ...many.slice(0, 997)], wide)).toBe("valid");
    expect(reasonOf([...GET, ...many], wide)).toBe("too-many-fields");
  });

  test("what short references stand for counts, and costs nothing beyond the limit", () => {
    const hpack = new HpackDecoder();
    const kept = blockOf([["x-large", "v".repeat(4_000)]], 0x40);
    const block = Buffer.concat([blockOf(GET), kept, Buffer.alloc(50_000, 0xbe)]);
    expect(outcomeOf(() => requestOf(block, {}, hpack))).toBe("head-too-large");
    // The table is as it was: the next head may refer to it.
    const next = Buffer.concat([blockOf(GET), Buffer.of(0xbe)]);
    expect(requestOf(next, {}, hpack).field("x-large")).toHaveLength(4_000);
  });

  test("names that are copied into the table again and again end the connection at last", () => {
    const kept = blockOf([["n".repeat(2_000), ""]], 0x40);
    const block = Buffer.concat([blockOf(GET), kept, Buffer.alloc(60_000, Buffer.of(0x7e, 0x00))]);
    expect(reasonOf(block)).toBe("header-block-too-large");
  });

  test("a literal beyond any limit goes through the table all the same", () => {
    const hpack = new HpackDecoder();
    const large = blockOf([["x", "v".repeat(200_000)]], 0x40);
    const block = Buffer.concat([blockOf(GET), blockOf([["a", "b"]], 0x40), large]);
    expect(outcomeOf(() => requestOf(block, {}, hpack))).toBe("head-too-large");
    expect(hpack.tableBytes).toBe(0);
    expect(requestOf(GET, {}, hpack).path).toBe("/a?b=c");
  });
});

test("a malformed head leaves the table as the peer has it", () => {
  const hpack = new HpackDecoder();
  const block = Buffer.concat([
    blockOf([["X-Bad", "1"]], 0x40),
    blockOf(GET),
    blockOf([["x-a", "kept"]], 0x40),
  ]);
  expect(outcomeOf(() => requestOf(block, {}, hpack))).toBe("upper-case-field-name");
  const next = Buffer.concat([blockOf(GET), Buffer.of(0xbe)]);
  expect(requestOf(next, {}, hpack).field("x-a")).toBe("kept");
  // What was bad as a literal is bad by its index.
  expect(
    outcomeOf(() => requestOf(Buffer.concat([blockOf(GET), Buffer.of(0xbf)]), {}, hpack)),
  ).toBe("upper-case-field-name");
});
