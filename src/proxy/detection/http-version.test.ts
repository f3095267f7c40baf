import { expect, test } from "bun:test";
import { httpVersionOf } from "./http-version.ts";

const cases: readonly (readonly [string, ReturnType<typeof httpVersionOf>])[] = [
  ["GET / HTTP/1.1\r\n", "http1"],
  ["GET /", "http1"],
  ["OPTIONS * HTTP/1.1\r\n", "http1"],
  ["CONNECT a:1 HTTP/1.1\r\n", "http1"],
  ["GET http://a/ HTTP/1.1\r\n", "http1"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", "http2"],
  // A broken preface, and what is none at all.
  ["PRI * HTTP/2.0\r\n\r\nXX", "http2"],
  ["PRI * HTTP/2.1\r\n", "http2"],
  ["INVALID CONNECTION PREFACE\r\n\r\n", "http2"],
  ["SET key value\r\n", "http2"],
  // Something of it is as in a request: HTTP/1 has words for the rest.
  ["PRI * HTTP/1.1\r\n", "http1"],
  ["GET / HTTQ/1.1\r\n", "http1"],
  ["GET /a b HTTP/1.1\r\n", "http1"],
  ["GET a HTTP/1.1\r\n", "http1"],
  ["GET / \r\n", "http1"],
  ["GET key\r\n", "http1"],
  ["GET\r\n", "http1"],
  ["\r\nGET / HTTP/1.1\r\n", "http1"],
  ["GET  / HTTP/1.1\r\n", "http1"],
  ["GET a  HTTP/1.1\r\n", "http1"],
  ["\x16\x03\x01", "http1"],
  ["x".repeat(9_000), "http1"],
  [`GET ${"x".repeat(9_000)}`, "http1"],
  ["", "undecided"],
  ["PRI * HTTP/2.0\r\n\r\n", "undecided"],
  ["GET", "undecided"],
  ["GET ", "undecided"],
  ["GET a", "undecided"],
  ["GET a ", "undecided"],
  ["GET a HTT", "undecided"],
];

test.each(cases)("%j is %s", (text, expected) => {
  expect(httpVersionOf(Buffer.from(text, "latin1"))).toBe(expected);
});

test("a verdict stands whatever follows, and nothing is decided by bytes that could be the beginning of another", () => {
  for (const [text] of cases) {
    const bytes = Buffer.from(text, "latin1");
    const whole = httpVersionOf(bytes);
    for (let length = 0; length < bytes.length; length++) {
      const early = httpVersionOf(bytes.subarray(0, length));
      if (early !== "undecided") expect([text, early]).toEqual([text, whole]);
    }
  }
});
