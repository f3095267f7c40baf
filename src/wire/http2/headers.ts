import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeContinuation } from "./continuation.ts";
import {
  encodeFrameHeader,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  patchFrameHeader,
  readUint31,
} from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";

/** Where the parts of a HEADERS frame are. Reused: decoding fills it. */
export class HeadersFrame {
  fragmentStart = 0;
  fragmentEnd = 0;
  /** The stream that the priority part names; -1 without one. */
  dependsOn = -1;
}

/** Throws Http2Error (connection). The priority that a frame may carry means nothing any more (RFC 9113 section 5.3). */
export function decodeHeaders(
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
  to: HeadersFrame,
): void {
  let from = start;
  let until = end;
  if ((flags & FLAG.padded) !== 0) {
    if (end - start < 1) throw new Http2Error("bad-frame-size");
    until = end - (bytes[start] as number);
    from++;
  }
  to.dependsOn = -1;
  if ((flags & FLAG.priority) !== 0) {
    if (end - from < 5) throw new Http2Error("bad-frame-size");
    to.dependsOn = readUint31(bytes, from);
    from += 5;
  }
  if (until < from) throw new Http2Error("bad-padding");
  to.fragmentStart = from;
  to.fragmentEnd = until;
}

/** Begins a header block: returns where, for `finishHeaders`. The caller appends the block to `out`. */
export function beginHeaders(out: ByteWriter): number {
  return out.claim(FRAME_HEADER_BYTES);
}

/** Frames the block that was appended since `beginHeaders`; what exceeds a frame goes into CONTINUATION. */
export function finishHeaders(
  out: ByteWriter,
  at: number,
  streamId: number,
  endStream: boolean,
  maxFrameBytes: number,
): number {
  const length = out.length - at - FRAME_HEADER_BYTES;
  const flags = endStream ? FLAG.endStream : 0;
  if (length <= maxFrameBytes) {
    patchFrameHeader(out, at, FRAME.headers, flags | FLAG.endHeaders, streamId);
    return 1;
  }
  const block = Uint8Array.prototype.slice.call(out.bytes, at + FRAME_HEADER_BYTES, out.length);
  out.length = at;
  encodeFrameHeader(out, maxFrameBytes, FRAME.headers, flags, streamId);
  out.append(block.subarray(0, maxFrameBytes));
  let frames = 1;
  for (let from = maxFrameBytes; from < length; from += maxFrameBytes) {
    const fragment = block.subarray(from, from + maxFrameBytes);
    encodeContinuation(out, streamId, fragment, from + maxFrameBytes >= length);
    frames++;
  }
  return frames;
}
