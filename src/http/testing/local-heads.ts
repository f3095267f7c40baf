import type { Http1ResponseHead } from "#wire/http1/head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";

/** A response head as an upstream of HTTP/1 would send it, for tests that pass one on. */
export function responseHead(
  statusLine: string,
  fields: readonly (readonly [name: string, value: string])[] = [],
  method = "GET",
): Http1ResponseHead {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const bytes = Buffer.from(`HTTP/1.1 ${statusLine}\r\n${lines}\r\n`, "latin1");
  const head = decodeResponseHead(bytes, 0, bytes.length, method, RESPONSE_LIMITS);
  if (head === undefined) throw new Error("not a whole head");
  return head;
}
