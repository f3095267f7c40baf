import { expect, test } from "bun:test";
import { AnswerReader } from "./answer-reader.ts";

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "latin1");

test("an answer ends with its last octet, however it is cut", () => {
  for (let cut = 1; cut < answer.length; cut++) {
    const reader = new AnswerReader();
    expect(reader.take(answer.subarray(0, cut), cut)).toBe(false);
    expect(reader.take(answer.subarray(cut), answer.length - cut)).toBe(true);
    expect(reader.take(answer, answer.length)).toBe(true);
  }
});

test("an answer that is not 200 is refused", () => {
  const refusal = Buffer.from("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
  expect(() => new AnswerReader().take(refusal, refusal.length)).toThrow("503");
});

test("an answer without a length is refused", () => {
  const chunked = Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  expect(() => new AnswerReader().take(chunked, chunked.length)).toThrow("Content-Length");
});

test("octets after the answer are refused", () => {
  const more = Buffer.concat([answer, Buffer.from("!")]);
  expect(() => new AnswerReader().take(more, more.length)).toThrow("more octets");
});
