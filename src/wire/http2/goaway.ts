import { Buffer } from "node:buffer";
import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FRAME, readUint31, readUint32, writeUint32 } from "./frame-header.ts";
import { type Http2Code, Http2Error, http2CodeName, http2CodeNumber } from "./http2-error.ts";

/** Longer debug text is cut: it is for people. */
const MAX_DEBUG_BYTES = 256;

export interface Goaway {
  /** Streams above it were not and will not be looked at. */
  readonly lastStreamId: number;
  readonly code: Http2Code;
  /** Printable ASCII; other bytes are shown as `?`. */
  readonly debug: string;
}

/** Throws Http2Error (connection). */
export function decodeGoaway(bytes: Uint8Array, start: number, end: number): Goaway {
  if (end - start < 8) throw new Http2Error("bad-frame-size");
  return {
    lastStreamId: readUint31(bytes, start),
    code: http2CodeName(readUint32(bytes, start + 4)),
    debug: printable(bytes.subarray(start + 8, Math.min(end, start + 8 + MAX_DEBUG_BYTES))),
  };
}

/** `debug` is ASCII. */
export function encodeGoaway(
  out: ByteWriter,
  lastStreamId: number,
  code: Http2Code,
  debug = "",
): void {
  const text = Buffer.from(debug.slice(0, MAX_DEBUG_BYTES), "latin1");
  encodeFrameHeader(out, 8 + text.length, FRAME.goaway, 0, 0);
  const at = out.claim(8);
  writeUint32(out.bytes, at, lastStreamId);
  writeUint32(out.bytes, at + 4, http2CodeNumber(code));
  out.append(text);
}

function printable(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "?";
  return text;
}
