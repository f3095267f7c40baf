import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FLAG, FRAME } from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";

export const PING_BYTES = 8;

/** Checks the size and returns whether it is an answer; the payload is the 8 bytes. Throws Http2Error (connection). */
export function decodePing(flags: number, start: number, end: number): boolean {
  if (end - start !== PING_BYTES) throw new Http2Error("bad-frame-size");
  return (flags & FLAG.ack) !== 0;
}

/** The payload is the 8 bytes of `opaque` from `at` on. */
export function encodePing(out: ByteWriter, isAck: boolean, opaque: Uint8Array, at = 0): void {
  encodeFrameHeader(out, PING_BYTES, FRAME.ping, isAck ? FLAG.ack : 0, 0);
  const to = out.claim(PING_BYTES);
  for (let i = 0; i < PING_BYTES; i++) out.bytes[to + i] = opaque[at + i] as number;
}
