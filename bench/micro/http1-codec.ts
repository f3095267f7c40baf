/** What the codec costs per message, without a socket: `bun bench/micro/http1-codec.ts`. */

import { normalizePath } from "#proxy/router/normalize-path.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeRequestHead, encodeResponseHead } from "#wire/http1/encode-head.ts";
import { fieldName } from "#wire/http1/field-name.ts";
import { fieldLine, HeadEdits } from "#wire/http1/head-edits.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";

const request = Buffer.from(
  "GET /api/orders/17?full=1 HTTP/1.1\r\nHost: orders.shop:8080\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n" +
    "Accept-Encoding: gzip\r\nX-Request-Id: 3c2b7c1e-2f9d-4a57-9a1b-0a4f6f9f2f11\r\n\r\n",
);
const bare = Buffer.from("GET /ok HTTP/1.1\r\nHost: 127.0.0.1:18090\r\n\r\n");
const response = Buffer.from(
  "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 10:16:44 GMT\r\nContent-Type: text/plain\r\n" +
    "Content-Length: 1024\r\nConnection: keep-alive\r\n\r\n",
);
const out = new ByteWriter(64 * 1024);
const id = fieldName("x-request-id");
const edits = new HeadEdits();
const responseEdits = new HeadEdits().addLines(fieldLine("x-proxied-by", "forward"));
const TO = { minor: 1 as const, close: false, isConnect: false };

function measure(name: string, run: () => unknown): void {
  const rounds = 300_000;
  for (let i = 0; i < rounds; i++) run();
  const startedAt = performance.now();
  for (let i = 0; i < rounds; i++) run();
  const nanoseconds = ((performance.now() - startedAt) * 1e6) / rounds;
  process.stdout.write(`${name.padEnd(44)} ${nanoseconds.toFixed(0).padStart(6)} ns\n`);
}

const decode = (bytes: Buffer) => {
  const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
};
const decodeAnswer = () => {
  const head = decodeResponseHead(response, 0, response.length, "GET", RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
};
const head = decode(request);
const answer = decodeAnswer();

measure("decode a bare request head", () => decode(bare));
measure("decode a request head of 5 fields", () => decode(request));
measure("decode a response head of 5 fields", decodeAnswer);
measure("encode a request head, nothing to edit", () => {
  out.clear();
  encodeRequestHead(out, head, undefined);
});
measure("encode a request head, one set", () => {
  out.clear();
  encodeRequestHead(out, head, edits.clear().set(id, "0123456789abcdef"));
});
measure("encode a response head, prepared line", () => {
  out.clear();
  encodeResponseHead(out, answer, responseEdits, TO);
});
measure("look a field up", () => head.field(id));
measure("normalise a clean path", () => normalizePath("/api/orders/17", "base"));
