import type { Buffer } from "node:buffer";
import type { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { type BodyKind, Http1ResponseHead, KNOWN } from "#wire/http1/head.ts";
import { reasonOf } from "#wire/http1/local-head.ts";
import { Http2Error, type Http2Reason } from "../http2-error.ts";
import type { DecodeHeadOptions } from "./dialect.ts";
import { addTransferEncoding, addUpgrade, bodyKindOf, framingFault } from "./framing.ts";
import { FRONT } from "./head-lines.ts";
import { type HeadSink, headSink } from "./head-sink.ts";

const LINE_END = "\r\n";
const STATUS_START = "HTTP/1.1 200 ".length;
const NONE: readonly string[] = [];

export interface DecodeResponseOptions extends DecodeHeadOptions {
  /** Of the request, as it was sent: "CONNECT" for a tunnel, the method of the head otherwise. */
  readonly method: string;
  /** The protocol that the request wanted to change to by extended CONNECT, "" or absent for none: 2xx becomes 101. */
  readonly upgrade?: string;
}

/**
 * Decodes the header block of a response, informational ones included, to the form that heads of HTTP/1 have. Throws HpackError,
 * and Http2Error for a response that is malformed or beyond the limits, when the whole block has gone through the decoder.
 */
export function decodeResponseHead(
  hpack: HpackDecoder,
  block: Buffer,
  start: number,
  end: number,
  to: DecodeResponseOptions,
): Http1ResponseHead {
  const sink = headSink;
  sink.begin("response", to);
  hpack.decode(block, start, end, sink);
  const tunnels = isTunnel(sink, to);
  const fault = sink.fault ?? responseFault(sink, to, tunnels);
  if (fault !== undefined) throw new Http2Error(fault);
  return responseHead(sink, to, tunnels);
}

function responseFault(
  sink: HeadSink,
  to: DecodeResponseOptions,
  tunnels: boolean,
): Http2Reason | undefined {
  const { status } = sink;
  if (status === 0) return "missing-pseudo-field";
  if (status === 101) return "unexpected-upgrade";
  if ((sink.known & KNOWN.upgrade) !== 0 && status !== 426 && !(tunnels && isUpgrade(to)))
    return "connection-field";
  if (status < 200) return to.endStream ? "bad-status" : undefined;
  return tunnels || hasNoBody(status, to) ? undefined : framingFault(sink, to.endStream);
}

/** Whether there is no body whatever the fields say (RFC 9110 §6.4.1). */
function hasNoBody(status: number, to: DecodeResponseOptions): boolean {
  return to.method === "HEAD" || status < 200 || status === 204 || status === 304;
}

/**
 * Whether the stream is another protocol's from now on. By RFC 8441 any 2xx says so; in Weft's dialect it has the Upgrade field,
 * since to HTTP/1 a 2xx is the answer of a server that stays with the protocol that it speaks.
 */
function isTunnel({ status, known }: HeadSink, to: DecodeResponseOptions): boolean {
  if (status < 200 || status >= 300) return false;
  if (isUpgrade(to)) return to.dialect !== "weft" || (known & KNOWN.upgrade) !== 0;
  return to.method === "CONNECT";
}

function isUpgrade({ upgrade }: DecodeResponseOptions): boolean {
  return upgrade !== undefined && upgrade !== "";
}

function responseHead(
  sink: HeadSink,
  to: DecodeResponseOptions,
  tunnels: boolean,
): Http1ResponseHead {
  const becomesUpgrade = tunnels && isUpgrade(to);
  const status = becomesUpgrade ? 101 : sink.status;
  const bodyKind: BodyKind =
    tunnels || hasNoBody(sink.status, to) ? "none" : bodyKindOf(sink, to.endStream);
  if (bodyKind === "chunked") addTransferEncoding(sink);
  if (becomesUpgrade) addUpgrade(sink, to.upgrade ?? "");
  let reasonEnd = 0;
  if (sink.frontStart === FRONT) {
    const line = statusLine(status);
    sink.prependText(line);
    reasonEnd = line.length - LINE_END.length;
  } else {
    sink.fillGap(LINE_END);
    reasonEnd = STATUS_START + FRONT - LINE_END.length - sink.frontStart;
    sink.prependText(`HTTP/1.1 ${status} `);
  }
  const block = sink.take();
  return new Http1ResponseHead(block, {
    status,
    reasonStart: STATUS_START,
    reasonEnd,
    version: "HTTP/2",
    minor: 1,
    bodyKind,
    contentLength: tunnels ? -1 : sink.contentLength,
    keepAlive: true,
    upgrade: becomesUpgrade ? (to.upgrade ?? "") : "",
    nominated: NONE,
    isWhole: to.endStream,
    sizeBytes: sink.sizeBytes,
    fieldsStart: reasonEnd + LINE_END.length,
  });
}

const lines: string[] = [];

function statusLine(status: number): string {
  let line = lines[status - 100];
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasonOf(status)}${LINE_END}`;
    lines[status - 100] = line;
  }
  return line;
}
