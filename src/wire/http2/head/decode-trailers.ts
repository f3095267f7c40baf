import type { Buffer } from "node:buffer";
import type { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { Fields } from "#wire/http1/head.ts";
import { Http2Error } from "../http2-error.ts";
import type { DecodeHeadOptions } from "./dialect.ts";
import { headSink } from "./head-sink.ts";

/**
 * Decodes the header block that ends a stream. Throws HpackError, and Http2Error for trailers that are malformed, decide what was
 * decided before, or are beyond the limits, when the whole block has gone through the decoder.
 */
export function decodeTrailers(
  hpack: HpackDecoder,
  block: Buffer,
  start: number,
  end: number,
  to: DecodeHeadOptions,
): Fields {
  headSink.begin("trailers", to);
  hpack.decode(block, start, end, headSink);
  const { fault } = headSink;
  if (fault !== undefined) throw new Http2Error(fault);
  if (!to.endStream) throw new Http2Error("unfinished-trailers");
  const { bytes, base, fieldCount, offsets, mask, known, sensitive } = headSink.take();
  return new Fields(bytes, base, fieldCount, offsets, mask, known, sensitive);
}
