import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FRAME, readUint32, writeUint32 } from "./frame-header.ts";
import { type Http2Code, Http2Error, http2CodeName, http2CodeNumber } from "./http2-error.ts";

/** Throws Http2Error (connection). */
export function decodeRstStream(bytes: Uint8Array, start: number, end: number): Http2Code {
  if (end - start !== 4) throw new Http2Error("bad-frame-size");
  return http2CodeName(readUint32(bytes, start));
}

export function encodeRstStream(out: ByteWriter, streamId: number, code: Http2Code): void {
  encodeFrameHeader(out, 4, FRAME.rstStream, 0, streamId);
  writeUint32(out.bytes, out.claim(4), http2CodeNumber(code));
}
