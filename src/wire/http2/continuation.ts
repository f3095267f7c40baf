import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeFrameHeader, FLAG, FRAME } from "./frame-header.ts";

/** Whether the header block ends with this frame; all of its payload is fragment. */
export function decodeContinuation(flags: number): boolean {
  return (flags & FLAG.endHeaders) !== 0;
}

export function encodeContinuation(
  out: ByteWriter,
  streamId: number,
  fragment: Uint8Array,
  endHeaders: boolean,
): void {
  const flags = endHeaders ? FLAG.endHeaders : 0;
  encodeFrameHeader(out, fragment.length, FRAME.continuation, flags, streamId);
  out.append(fragment);
}
