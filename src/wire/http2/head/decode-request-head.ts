import type { Buffer } from "node:buffer";
import { PSEUDO } from "#wire/hpack/field-flags.ts";
import type { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { isAuthorityWithPort } from "#wire/http1/authority-text.ts";
import { fieldName } from "#wire/http1/field-name.ts";
import { type BodyKind, Http1RequestHead, KNOWN, type TargetForm } from "#wire/http1/head.ts";
import { Http2Error, type Http2Reason } from "../http2-error.ts";
import type { DecodeHeadOptions } from "./dialect.ts";
import { addTransferEncoding, addUpgrade, bodyKindOf, framingFault } from "./framing.ts";
import { FRONT } from "./head-lines.ts";
import { type HeadSink, headSink } from "./head-sink.ts";

const METHOD = 1 << PSEUDO.method;
const SCHEME = 1 << PSEUDO.scheme;
const PATH = 1 << PSEUDO.path;
const AUTHORITY = 1 << PSEUDO.authority;
const EXPECT = fieldName("expect");
const VERSION = " HTTP/1.1\r\n";
const NONE: readonly string[] = [];

/**
 * Decodes the header block of a request to the form that heads of HTTP/1 have. Throws HpackError, and Http2Error for a request
 * that is malformed or beyond the limits, when the whole block has gone through the decoder.
 */
export function decodeRequestHead(
  hpack: HpackDecoder,
  block: Buffer,
  start: number,
  end: number,
  to: DecodeHeadOptions,
): Http1RequestHead {
  const sink = headSink;
  sink.begin("request", to);
  hpack.decode(block, start, end, sink);
  const fault = sink.fault ?? requestFault(sink, to);
  if (fault !== undefined) throw new Http2Error(fault);
  return requestHead(sink, to.endStream);
}

function requestFault(sink: HeadSink, to: DecodeHeadOptions): Http2Reason | undefined {
  const { seen, method, protocol } = sink;
  if ((seen & METHOD) === 0) return "missing-pseudo-field";
  const isConnect = method === "CONNECT";
  if (protocol !== "") {
    if (!to.allowsExtendedConnect) return "extended-connect-disabled";
    if (!isConnect || protocol === "h2c") return "unknown-pseudo-field";
  } else if ((sink.known & KNOWN.upgrade) !== 0) return "connection-field";
  if (isConnect && protocol === "") return connectFault(sink);
  if ((seen & SCHEME) === 0 || (seen & PATH) === 0) return "missing-pseudo-field";
  if ((seen & AUTHORITY) !== 0 && to.dialect === "weft") return "unknown-pseudo-field";
  if (!hasGoodPath(sink)) return "bad-path";
  if ((sink.known & KNOWN.host) === 0) return "missing-host";
  if (protocol !== "") return extendedFault(sink);
  return framingFault(sink, to.endStream);
}

/** The field that comes along in Weft's dialect is what HTTP/1 is asked for: it may say nothing else than `:protocol`. */
function extendedFault(sink: HeadSink): Http2Reason | undefined {
  if (hasFraming(sink)) return "connect-with-body";
  const saysOther = (sink.known & KNOWN.upgrade) !== 0 && sink.upgrade !== sink.protocol;
  return saysOther ? "connection-field" : undefined;
}

/** CONNECT names its target as `:authority`, and nothing else (RFC 9113 §8.5). */
function connectFault(sink: HeadSink): Http2Reason | undefined {
  if ((sink.seen & (SCHEME | PATH)) !== 0) return "unknown-pseudo-field";
  if ((sink.seen & AUTHORITY) === 0) return "missing-pseudo-field";
  if (!isAuthorityWithPort(sink.authority)) return "bad-authority";
  if ((sink.known & KNOWN.host) === 0) return "missing-host";
  return hasFraming(sink) ? "connect-with-body" : undefined;
}

function hasFraming(sink: HeadSink): boolean {
  return sink.contentLength >= 0 || (sink.known & KNOWN["transfer-encoding"]) !== 0;
}

function hasGoodPath(sink: HeadSink): boolean {
  const first = sink.bytes[sink.frontStart];
  if (first === 47) return true;
  const length = FRONT - VERSION.length - sink.frontStart;
  return first === 42 && length === 1 && sink.method === "OPTIONS";
}

function formOf(sink: HeadSink): TargetForm {
  if ((sink.seen & PATH) === 0) return "authority";
  return sink.bytes[sink.frontStart] === 47 ? "origin" : "asterisk";
}

function requestHead(sink: HeadSink, endStream: boolean): Http1RequestHead {
  const { protocol } = sink;
  const form = formOf(sink);
  const isTunnel = form === "authority" || protocol !== "";
  const bodyKind: BodyKind = isTunnel ? "none" : bodyKindOf(sink, endStream);
  sink.joinCrumbs();
  if (bodyKind === "chunked") addTransferEncoding(sink);
  // To HTTP/1 an extended CONNECT is a GET that upgrades (RFC 8441 §5).
  if (protocol !== "") addUpgrade(sink, protocol);
  if (form === "authority") sink.prependText(sink.authority + VERSION);
  else sink.fillGap(VERSION);
  const targetLength = FRONT - VERSION.length - sink.frontStart;
  const method = protocol === "" ? sink.method : "GET";
  sink.prependText(" ");
  sink.prependText(method);
  const block = sink.take();
  const expectsContinue = (block.known & KNOWN.expect) !== 0;
  if (expectsContinue && block.field(EXPECT)?.toLowerCase() !== "100-continue")
    throw new Http2Error("expectation-failed");
  const targetStart = method.length + 1;
  return new Http1RequestHead(block, {
    method,
    targetStart,
    targetEnd: targetStart + targetLength,
    form,
    authority: sink.authority,
    pathStart: targetStart,
    scheme: sink.scheme,
    version: "HTTP/2",
    minor: 1,
    bodyKind,
    contentLength: sink.contentLength,
    keepAlive: true,
    upgrade: protocol,
    expectsContinue,
    nominated: NONE,
    sizeBytes: sink.sizeBytes,
    fieldsStart: targetStart + targetLength + VERSION.length,
  });
}
