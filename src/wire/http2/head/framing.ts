/** How the body of a message ends, said in the words of HTTP/1, so that a hop that speaks it frames the body right. */
import { hashOf } from "#wire/http1/field-name.ts";
import { type BodyKind, KNOWN } from "#wire/http1/head.ts";
import type { Http2Reason } from "../http2-error.ts";
import type { HeadSink } from "./head-sink.ts";

const TRANSFER_ENCODING_HASH = hashOf("transfer-encoding");
const UPGRADE_HASH = hashOf("upgrade");

/** The body of a message that may have one. A length of zero is no body, also when the stream goes on. */
export function bodyKindOf(sink: HeadSink, endStream: boolean): BodyKind {
  if (endStream || sink.contentLength === 0) return "none";
  return sink.contentLength > 0 ? "length" : "chunked";
}

/** What is wrong between the length that the fields promise and the end of the stream (RFC 9113 §8.1.1). */
export function framingFault(sink: HeadSink, endStream: boolean): Http2Reason | undefined {
  const isChunked = (sink.known & KNOWN["transfer-encoding"]) !== 0;
  if (isChunked && sink.contentLength >= 0) return "bad-content-length";
  if (endStream && (isChunked || sink.contentLength > 0)) return "body-length-mismatch";
  return undefined;
}

/** A body of unknown length is chunked to HTTP/1. In Weft's dialect the field may have come along. */
export function addTransferEncoding(sink: HeadSink): void {
  if ((sink.known & KNOWN["transfer-encoding"]) === 0)
    sink.addText(
      "transfer-encoding",
      "chunked",
      TRANSFER_ENCODING_HASH,
      KNOWN["transfer-encoding"],
    );
}

/** A protocol that the connection changes to is a field to HTTP/1. In Weft's dialect it may have come along. */
export function addUpgrade(sink: HeadSink, protocol: string): void {
  if ((sink.known & KNOWN.upgrade) === 0)
    sink.addText("upgrade", protocol, UPGRADE_HASH, KNOWN.upgrade);
}
