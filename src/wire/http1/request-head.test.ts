import { describe, expect, test } from "bun:test";
import { hashOf } from "./field-name.ts";
import type { Http1RequestHead } from "./head.ts";
import { Http1Error, type Http1ErrorCode } from "./http1-error.ts";
import { decodeRequestHead, REQUEST_LIMITS, type RequestLimits } from "./request-head.ts";

function decode(text: string, limits: RequestLimits = REQUEST_LIMITS): Http1RequestHead {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeRequestHead(bytes, 0, bytes.length, limits);
  if (head === undefined) throw new Error("incomplete");
  return head;
}

function codeOf(text: string, limits: RequestLimits = REQUEST_LIMITS): string {
  try {
    const bytes = Buffer.from(text, "latin1");
    return decodeRequestHead(bytes, 0, bytes.length, limits) === undefined ? "incomplete" : "valid";
  } catch (cause) {
    if (cause instanceof Http1Error) return cause.code;
    throw cause;
  }
}

const get = (fields: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

describe("a request head", () => {
  test("does not keep a large body that came with it", () => {
    const text = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n";
    const head = decode(text + "b".repeat(60_000));
    expect([head.path, head.field("host"), head.base + head.sizeBytes]).toEqual([
      ...["/a", "a", text.length],
    ]);
    expect(head.bytes.buffer.byteLength).toBeLessThan(20_000);
  });

  test("gives its line, fields in order and case, and their values trimmed", () => {
    const head = decode(
      "PUT /a?b=c HTTP/1.1\r\nHost: web:80\r\nX-Two:\t 1 \r\nx-two: 2\r\nEmpty:\r\n\r\nrest",
    );
    expect(head.method).toBe("PUT");
    expect(head.target).toBe("/a?b=c");
    expect(head.path).toBe("/a?b=c");
    expect(head.authority).toBe("web:80");
    expect([0, 1, 2, 3].map((i) => head.fieldName(i))).toEqual(["Host", "X-Two", "x-two", "Empty"]);
    expect(head.field("x-two")).toBe("1,2");
    expect(head.field("empty")).toBe("");
    expect(head.field("absent")).toBeUndefined();
    expect(head.has("host")).toBe(true);
    expect(head.sizeBytes).toBe(67);
    expect(() => head.fieldName(4)).toThrow(RangeError);
  });

  test("keeps values as latin1", () => {
    expect(decode(get("x: caf\xe9\r\n")).field("x")).toBe("caf\xe9");
  });

  test("may follow one empty line, and other requests", () => {
    const bytes = Buffer.from("xx\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    const head = decodeRequestHead(bytes, 2, bytes.length, REQUEST_LIMITS);
    expect(head?.target).toBe("/2");
    expect((head?.base ?? 0) + (head?.sizeBytes ?? 0)).toBe(bytes.length);
  });

  test.each([
    ["GET", "get of no kind"],
    ["POST", ""],
    ["DELETE", ""],
    ["PATCH", ""],
    ["M-SEARCH", ""],
  ])("has the method %s as it was sent", (method) => {
    expect(decode(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).method).toBe(method);
  });
});

describe("the form of the target", () => {
  test.each([
    ["GET /p HTTP/1.1\r\nHost: h\r\n\r\n", "origin", "h", "/p"],
    ["GET http://t:81/p?q HTTP/1.1\r\nHost: h\r\n\r\n", "absolute", "t:81", "/p?q"],
    ["GET HTTPS://t HTTP/1.1\r\nHost: h\r\n\r\n", "absolute", "t", "/"],
    ["GET http://t?q=1 HTTP/1.1\r\nHost: h\r\n\r\n", "absolute", "t", "/?q=1"],
    ["CONNECT t:443 HTTP/1.1\r\nHost: h\r\n\r\n", "authority", "t:443", ""],
    ["CONNECT [::1]:443 HTTP/1.1\r\nHost: h\r\n\r\n", "authority", "[::1]:443", ""],
    ["OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "asterisk", "h", "*"],
  ])("%j is %s", (text, form, authority, path) => {
    const head = decode(text);
    expect([head.form as string, head.authority, head.path]).toEqual([form, authority, path]);
  });

  test.each([
    "GET p HTTP/1.1",
    "GET * HTTP/1.1",
    "GET ftp://h/ HTTP/1.1",
    "GET http:///p HTTP/1.1",
    "GET http://u@h/ HTTP/1.1",
    "CONNECT h HTTP/1.1",
    "CONNECT /p HTTP/1.1",
    "CONNECT h:0 HTTP/1.1",
    "CONNECT h:65536 HTTP/1.1",
    "GET /a#b HTTP/1.1",
    "GET /\x7f HTTP/1.1",
    "GET /\x00 HTTP/1.1",
    "GET /\xe9 HTTP/1.1",
    "GET /\ta HTTP/1.1",
  ])("%j is refused", (line) => {
    expect(codeOf(`${line}\r\nHost: h\r\n\r\n`)).toBe("bad-target");
  });
});

describe("a request line is refused", () => {
  test.each<[string, Http1ErrorCode]>([
    ["GET  / HTTP/1.1", "bad-request-line"],
    [" GET / HTTP/1.1", "bad-request-line"],
    ["GET /", "bad-request-line"],
    ["GET", "bad-request-line"],
    ["G(T / HTTP/1.1", "bad-method"],
    ["GET\t/ HTTP/1.1", "bad-method"],
    ["\x16\x03\x01", "bad-method"],
    ["GET / HTTP/1.1 ", "bad-version"],
    ["GET /  HTTP/1.1", "bad-version"],
    ["GET / http/1.1", "bad-version"],
    ["GET / HTTP/1.", "bad-version"],
    ["GET / HTTP/11", "bad-version"],
    ["GET / HTTP/1.1x", "bad-version"],
    ["GET / HTTP/2.0", "unsupported-version"],
    ["GET / HTTP/1.2", "unsupported-version"],
    ["GET / HTTP/0.9", "unsupported-version"],
  ])("%j: %s", (line, code) => {
    expect(codeOf(`${line}\r\nHost: h\r\n\r\n`)).toBe(code);
  });
});

describe("a field is refused", () => {
  test.each<[string, Http1ErrorCode]>([
    ["X : 1\r\n", "space-before-colon"],
    ["X\t: 1\r\n", "space-before-colon"],
    [": 1\r\n", "bad-field-name"],
    ["X\x00Y: 1\r\n", "bad-field-name"],
    ["X(Y): 1\r\n", "bad-field-name"],
    ["\xe9: 1\r\n", "bad-field-name"],
    ["X\r\n", "bad-line-ending"],
    ["X: 1\r\n continued\r\n", "obsolete-folding"],
    ["X: 1\r\n\tcontinued\r\n", "obsolete-folding"],
    ["X: 1\nY: 2\r\n", "bad-line-ending"],
    ["X: 1\rY: 2\r\n", "bad-line-ending"],
    ["X: a\x00b\r\n", "bad-field-value"],
    ["X: a\x0bb\r\n", "bad-field-value"],
    ["X: a\x7fb\r\n", "bad-field-value"],
    ["\nX: 1\r\n", "bad-line-ending"],
    ["\rX: 1\r\n", "bad-line-ending"],
  ])("%j: %s", (field, code) => {
    expect(codeOf(get(field))).toBe(code);
  });
});

describe("framing", () => {
  test.each<[string, string, number]>([
    ["", "none", -1],
    ["Content-Length: 0\r\n", "none", 0],
    ["Content-Length: 12\r\n", "length", 12],
    ["Content-Length: 9007199254740991\r\n", "length", 9_007_199_254_740_991],
    ["Transfer-Encoding: chunked\r\n", "chunked", -1],
  ])("%j is a body of kind %s", (fields, kind, length) => {
    const head = decode(post(fields));
    expect([head.bodyKind as string, head.contentLength]).toEqual([kind, length]);
  });

  test.each<[string, Http1ErrorCode]>([
    ["Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "length-and-transfer-encoding"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "length-and-transfer-encoding"],
    ["Content-Length: 3\r\nContent-Length: 4\r\n", "repeated-content-length"],
    ["Content-Length: 3\r\ncontent-length: 3\r\n", "repeated-content-length"],
    ["Content-Length: 3, 3\r\n", "bad-content-length"],
    ["Content-Length: +3\r\n", "bad-content-length"],
    ["Content-Length: -3\r\n", "bad-content-length"],
    ["Content-Length: 0x3\r\n", "bad-content-length"],
    ["Content-Length: 03\r\n", "bad-content-length"],
    ["Content-Length: 3 \x0b\r\n", "bad-field-value"],
    ["Content-Length: 3 3\r\n", "bad-content-length"],
    ["Content-Length: 3.0\r\n", "bad-content-length"],
    ["Content-Length: 1e1\r\n", "bad-content-length"],
    ["Content-Length:\r\n", "bad-content-length"],
    ["Content-Length: 9007199254740992\r\n", "bad-content-length"],
    ["Content-Length: 99999999999999999999\r\n", "bad-content-length"],
    ["Transfer-Encoding: Chunked\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: cHuNkEd\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked,\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: ,chunked\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked, chunked\r\n", "bad-transfer-encoding"],
    ['Transfer-Encoding: "chunked"\r\n', "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked;q=1\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding:\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: chunked, identity\r\n", "bad-transfer-encoding"],
    ["Transfer-Encoding: xchunked\r\n", "unsupported-transfer-encoding"],
    ["Transfer-Encoding: gzip\r\n", "unsupported-transfer-encoding"],
    ["Transfer-Encoding: identity\r\n", "unsupported-transfer-encoding"],
    ["Transfer-Encoding: gzip, chunked\r\n", "unsupported-transfer-encoding"],
    ["Transfer-Encoding : chunked\r\n", "space-before-colon"],
  ])("%j: %s", (fields, code) => {
    expect(codeOf(post(fields))).toBe(code);
  });

  test("an HTTP/1.0 request has no Transfer-Encoding", () => {
    expect(codeOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")).toBe(
      "bad-transfer-encoding",
    );
  });

  test("CONNECT has no body", () => {
    expect(codeOf("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\n\r\n")).toBe(
      "connect-with-body",
    );
  });

  test("a name whose hash is that of Content-Length is not taken for it", () => {
    expect(hashOf("e1ntent-length")).toBe(hashOf("content-length"));
    const head = decode(post("e1ntent-length: 5\r\nContent-Length: 3\r\n"));
    expect(head.contentLength).toBe(3);
    expect(head.field("e1ntent-length")).toBe("5");
  });
});

describe("Host", () => {
  test.each([
    "a",
    "a.b-c_d",
    "a:1",
    "a:65535",
    "[::1]",
    "[::1]:80",
    "127.0.0.1:8080",
    "xn--a",
    "a%20b",
  ])("%s is one", (host) => {
    expect(decode(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).authority).toBe(host);
  });

  test.each([
    "",
    "a b",
    "a:",
    "a:0",
    "a:65536",
    "a:b",
    "a:1:2",
    ":80",
    "a/b",
    "a@b",
    "[::1",
    "[]",
    "[::1]x",
    "http://a",
    "a%2",
    "a\\b",
    "a?b",
  ])("%j is none", (host) => {
    expect(codeOf(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toBe("bad-host");
  });

  test("comes exactly once with HTTP/1.1, and may be missing with 1.0", () => {
    expect(codeOf("GET / HTTP/1.1\r\n\r\n")).toBe("missing-host");
    expect(codeOf("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")).toBe("repeated-host");
    expect(codeOf("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")).toBe("repeated-host");
    expect(decode("GET / HTTP/1.0\r\n\r\n").authority).toBe("");
  });
});

describe("the connection", () => {
  test.each<[string, boolean]>([
    ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", true],
    ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false],
    ["GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Close\r\n\r\n", false],
    ["GET / HTTP/1.0\r\nHost: a\r\n\r\n", false],
    ["GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", true],
  ])("%j stays open: %p", (text, keepAlive) => {
    expect(decode(text).keepAlive).toBe(keepAlive);
  });

  test("names fields that are not for the next hop, but not those the next hop relies on", () => {
    expect(decode(get("Connection: X-Hop, ,te\r\nX-Hop: 1\r\n")).facts.nominated).toEqual([
      "x-hop",
    ]);
    for (const name of [
      "Host",
      "content-length",
      "X-Forwarded-For",
      "Authorization",
      "x-envoy-a",
      "Cookie",
    ])
      expect(codeOf(get(`Connection: ${name}\r\n`))).toBe("protected-connection-option");
    expect(codeOf(get("Connection: a b\r\n"))).toBe("bad-connection-option");
  });

  test("a policy can protect more fields", () => {
    const limits = { ...REQUEST_LIMITS, isProtected: (name: string) => name === "x-role" };
    expect(codeOf(get("Connection: x-role\r\n"), limits)).toBe("protected-connection-option");
  });

  test("Expect is 100-continue or nothing", () => {
    expect(decode(post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expectsContinue).toBe(
      true,
    );
    expect(codeOf(post("Expect: 200-ok\r\n"))).toBe("expectation-failed");
    expect(decode("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expectsContinue).toBe(false);
  });

  test.each([
    ["Connection: Upgrade\r\nUpgrade: WebSocket\r\n", "websocket"],
    ["Upgrade: websocket\r\n", ""],
    ["Connection: upgrade\r\nUpgrade: h2c\r\n", ""],
    ["Connection: upgrade\r\nUpgrade: foo, h2c\r\n", ""],
  ])("%j upgrades to %j", (fields, protocol) => {
    expect(decode(get(fields)).upgrade).toBe(protocol);
  });
});

describe("limits", () => {
  const limits = { ...REQUEST_LIMITS, maxBytes: 200, maxFields: 3 };

  test("a head of exactly the limit is read, one byte more is refused", () => {
    const rest = get("").length + "x: \r\n".length;
    expect(codeOf(get(`x: ${"v".repeat(200 - rest)}\r\n`), limits)).toBe("valid");
    expect(codeOf(get(`x: ${"v".repeat(201 - rest)}\r\n`), limits)).toBe("head-too-large");
  });

  test("a target or a value that does not end is refused at the limit", () => {
    expect(codeOf(`GET /${"a".repeat(300)}`, limits)).toBe("head-too-large");
    expect(codeOf(`GET / HTTP/1.1\r\nx: ${"a".repeat(300)}`, limits)).toBe("head-too-large");
  });

  test("one field too many is refused", () => {
    expect(codeOf(get("a:1\r\nb:1\r\n"), limits)).toBe("valid");
    expect(codeOf(get("a:1\r\nb:1\r\nc:1\r\n"), limits)).toBe("too-many-fields");
  });

  test("a limit above what offsets can say is cut", () => {
    const wide = { ...REQUEST_LIMITS, maxBytes: 1_000_000 };
    expect(codeOf(get(`x: ${"v".repeat(70_000)}\r\n`), wide)).toBe("head-too-large");
  });
});
