import { describe, expect, test } from "bun:test";
import type { Http1ResponseHead } from "./head.ts";
import { Http1Error, type Http1ErrorCode } from "./http1-error.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "./response-head.ts";

function decode(text: string, method = "GET"): Http1ResponseHead {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeResponseHead(bytes, 0, bytes.length, method, RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
}

function errorOf(text: string): Http1Error {
  try {
    decode(text);
  } catch (cause) {
    if (cause instanceof Http1Error) return cause;
  }
  throw new Error("no Http1Error");
}

describe("a response head", () => {
  test("gives its status, reason and fields", () => {
    const head = decode("HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 3\r\n\r\nabc");
    expect([head.status, head.reason, head.protocol]).toEqual([404, "Not Found", "HTTP/1.1"]);
    expect([head.bodyKind, head.contentLength]).toEqual(["length", 3]);
    expect(head.field("server")).toBe("x");
  });

  test("does not keep a large body that came with it", () => {
    const text = "HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 60000\r\n\r\n";
    const head = decode(text + "b".repeat(60_000));
    expect([head.reason, head.field("server"), head.base + head.sizeBytes]).toEqual([
      ...["Fine", "x", text.length],
    ]);
    expect(head.bytes.buffer.byteLength).toBeLessThan(20_000);
  });

  test("may leave the reason out, with or without the space before it", () => {
    expect(decode("HTTP/1.1 200 \r\n\r\n").reason).toBe("");
    expect(decode("HTTP/1.1 200\r\n\r\n").reason).toBe("");
  });

  test.each<[string, string, string]>([
    ["HTTP/1.1 200 OK\r\n\r\n", "GET", "until-close"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", "length"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", "none"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", "chunked"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET", "chunked"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", "none"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", "none"],
    ["HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET", "none"],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", "none"],
    ["HTTP/1.1 100 Continue\r\n\r\n", "GET", "none"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "CONNECT", "none"],
    ["HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", "CONNECT", "length"],
  ])("%j to %s has a body of kind %s", (text, method, kind) => {
    expect(decode(text, method).bodyKind as string).toBe(kind);
  });

  test.each<[string, boolean]>([
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false],
    ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false],
    ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true],
    ["HTTP/1.1 200 OK\r\n\r\n", false],
    ["HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", false],
  ])("%j leaves the connection open: %p", (text, keepAlive) => {
    expect(decode(text).keepAlive).toBe(keepAlive);
  });
});

describe("a broken response head is the upstream's fault and 502", () => {
  test.each<[string, Http1ErrorCode]>([
    ["HTTP/2.0 200 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.2 200 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1  200 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 20 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 099 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 600 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 200 O\x00K\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 200 OK\n\r\n", "bad-line-ending"],
    ["HTTP/1.1 200 OK\rX\r\n\r\n", "bad-line-ending"],
    ["<html>\r\n\r\n", "bad-status-line"],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "repeated-content-length",
    ],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "length-and-transfer-encoding",
    ],
    ["HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "bad-content-length"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unsupported-transfer-encoding"],
    ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "bad-transfer-encoding"],
    ["HTTP/1.1 200 OK\r\nX : 1\r\n\r\n", "space-before-colon"],
    ["HTTP/1.1 200 OK\r\n X: 1\r\n\r\n", "obsolete-folding"],
    [`HTTP/1.1 200 OK\r\nX: ${"a".repeat(62_000)}\r\n\r\n`, "head-too-large"],
    [`HTTP/1.1 200 OK\r\n${"a:1\r\n".repeat(101)}\r\n`, "too-many-fields"],
  ])("%j: %s", (text, code) => {
    const error = errorOf(text);
    expect([error.code, error.fault, error.status]).toEqual([code, "upstream", 502]);
  });
});
