import type { Transport } from "#net/transport.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { Http1RequestHead, Http1ResponseHead } from "#wire/http1/head.ts";
import type { RequestHead, ResponseHead } from "./exchange.ts";

/** Heads are encoded here and copied by `write` at once: one for the process, since encoding is synchronous. */
export const scratch: ByteWriter = new ByteWriter(64 * 1024);

/** What `write` returns. */
export function sendScratch(transport: Transport): boolean {
  const hasRoom = transport.writeRange(scratch.bytes, 0, scratch.length);
  scratch.clear();
  return hasRoom;
}

/** HTTP/1 encoders pass the original bytes on, so the head must be one of theirs. */
export function http1Request(head: RequestHead): Http1RequestHead {
  if (head instanceof Http1RequestHead) return head;
  throw new TypeError("a request head of another protocol cannot be passed on yet");
}

export function http1Response(head: ResponseHead): Http1ResponseHead {
  if (head instanceof Http1ResponseHead) return head;
  throw new TypeError("a response head of another protocol cannot be passed on yet");
}
