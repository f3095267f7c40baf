import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FRAME, readUint31, writeUint32 } from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";

/**
 * Checks a PRIORITY frame and returns the stream that it depends on: nothing else of it means anything any more
 * (RFC 9113 section 5.3.2). Throws Http2Error (stream).
 */
export function decodePriority(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 5) throw new Http2Error("bad-priority-size");
  return readUint31(bytes, start);
}

export function encodePriority(out: ByteWriter, streamId: number, dependsOn: number): void {
  encodeFrameHeader(out, 5, FRAME.priority, 0, streamId);
  const at = out.claim(5);
  writeUint32(out.bytes, at, dependsOn);
  out.bytes[at + 4] = 15;
}
