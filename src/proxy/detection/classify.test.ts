import { expect, test } from "bun:test";
import { classify } from "./classify.ts";

test.each([
  ["GET / HTTP/1.1\r\n", "http1"],
  ["OPTIONS * HTTP/1.1\r\n", "http1"],
  ["M-SEARCH * HTTP/1.1\r\n", "http1"],
  ["CONNECT a:1 HTTP/1.1\r\n", "http1"],
  ["", "undecided"],
  ["GE", "undecided"],
  ["GET ", "undecided"],
  ["PRI * HTT", "undecided"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "other"],
  ["PRICE /list HTTP/1.1", "http1"],
  ["\x16\x03\x01\x02\x00", "other"],
  ["SSH-2.0-OpenSSH", "other"],
  ["EHLO", "undecided"],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "other"],
  ["get / HTTP/1.1", "other"],
  ["GET\t/", "other"],
])("%j is %s", (text, expected) => {
  expect(classify(Buffer.from(text, "latin1"))).toBe(expected as "http1");
});
