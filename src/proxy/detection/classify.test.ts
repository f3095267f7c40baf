import { expect, test } from "bun:test";
import { helloFor } from "../../../test/support/client-hello.ts";
import { classify, type FirstBytes } from "./classify.ts";

const cases: readonly (readonly [string, FirstBytes])[] = [
  ["GET / HTTP/1.1\r\n", "http1"],
  ["GET / HTTP/1.0\r\n", "http1"],
  ["OPTIONS * HTTP/1.1\r\n", "http1"],
  ["M-SEARCH * HTTP/1.1\r\n", "http1"],
  ["CONNECT a:1 HTTP/1.1\r\n", "http1"],
  ["GET http://a/b?c HTTP/1.1", "http1"],
  ["PRICE /list HTTP/1.1", "http1"],
  ["GET /a b HTTP/1.1\r\n", "http1"],
  [`GET /${"x".repeat(9_000)}`, "http1"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"],
  ["\x16\x03\x01\x02\x00", "tls"],
  ["", "undecided"],
  ["GE", "undecided"],
  ["GET ", "undecided"],
  ["GET /", "undecided"],
  ["GET / HTTP/1", "undecided"],
  ["PRI * HTT", "undecided"],
  ["PRI * HTTP/2.0\r\n\r\nSM", "undecided"],
  ["EHLO", "undecided"],
  ["EHLO mail", "undecided"],
  ["\x16\x03", "undecided"],
  ["EHLO mail.example.com\r\n", "other"],
  ["GET key\r\n", "other"],
  ["SET key value\r\n", "other"],
  ["GET / HTTP/3.0\r\n", "other"],
  ["PRI * HTTP/2.0\r\n\r\nXX", "other"],
  ["*1\r\n$4\r\nPING\r\n", "other"],
  ["PING\r\n", "other"],
  ["SSH-2.0-OpenSSH", "other"],
  ["\x16\x02", "other"],
  ["\x00\x00\x00\x08\x04\xd2\x16/", "other"],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "other"],
  ["get / HTTP/1.1", "other"],
  ["GET\t/", "other"],
];

test.each(cases)("%j is %s", (text, expected) => {
  expect(classify(Buffer.from(text, "latin1"))).toBe(expected);
});

test("a verdict stands whatever follows, and nothing is decided by bytes that could be the beginning of another", () => {
  const texts = [...cases.map(([text]) => Buffer.from(text, "latin1")), helloFor("a.example")];
  for (const bytes of texts) {
    const whole = classify(bytes);
    for (let length = 0; length < bytes.length; length++) {
      const early = classify(bytes.subarray(0, length));
      if (early !== "undecided")
        expect([bytes.toString("latin1"), early]).toEqual([expect.any(String), whole]);
    }
  }
});
