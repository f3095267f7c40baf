import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FLAG, FRAME } from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";

/**
 * How many of a DATA frame's bytes are data, given the length of the whole payload and, when PADDED is set, its first
 * byte. Throws Http2Error (connection).
 */
export function decodeDataLength(length: number, flags: number, padding: number): number {
  if ((flags & FLAG.padded) === 0) return length;
  if (padding >= length) throw new Http2Error("bad-padding");
  return length - 1 - padding;
}

/** Appends the whole frame with a copy of the data. */
export function encodeData(
  out: ByteWriter,
  streamId: number,
  data: Uint8Array,
  endStream: boolean,
): void {
  encodeDataHeader(out, streamId, data.length, endStream);
  out.append(data);
}

/** The header only: the data itself is to follow. */
export function encodeDataHeader(
  out: ByteWriter,
  streamId: number,
  length: number,
  endStream: boolean,
): void {
  encodeFrameHeader(out, length, FRAME.data, endStream ? FLAG.endStream : 0, streamId);
}
