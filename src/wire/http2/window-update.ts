import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FRAME, readUint31, writeUint32 } from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";

export const MAX_WINDOW = 0x7fff_ffff;

/** The increment, never 0. Throws Http2Error of the stream, or of the connection when `streamId` is 0. */
export function decodeWindowUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  streamId: number,
): number {
  if (end - start !== 4) throw new Http2Error("bad-frame-size");
  const increment = readUint31(bytes, start);
  if (increment === 0)
    throw new Http2Error(streamId === 0 ? "zero-increment" : "zero-stream-increment");
  return increment;
}

export function encodeWindowUpdate(out: ByteWriter, streamId: number, increment: number): void {
  encodeFrameHeader(out, 4, FRAME.windowUpdate, 0, streamId);
  writeUint32(out.bytes, out.claim(4), increment);
}
