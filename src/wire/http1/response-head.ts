import type { Buffer } from "node:buffer";
import { NO_OPTIONS, readConnectionOptions } from "./connection-options.ts";
import { found, HEAD_BYTES_CAP, readFieldBlock, VALUE_BYTE } from "./field-block.ts";
import { CHUNKED, readFraming, UNFRAMED } from "./framing.ts";
import { type BodyKind, type Fields, Http1ResponseHead, KNOWN } from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import { takeBlock } from "./request-head.ts";

export interface ResponseLimits {
  /** Of the whole head, at most 65,535. */
  readonly maxBytes: number;
  readonly maxFields: number;
}

export const RESPONSE_LIMITS: ResponseLimits = { maxBytes: 60 * 1024, maxFields: 100 };

const CR = 13;
const LF = 10;
const SP = 32;

const line = { status: 0, minor: 1 as 0 | 1, reasonStart: 0, reasonEnd: 0 };

/**
 * Decodes the head that begins at `from`, an answer to a request with `method`. Undefined until all of it has arrived;
 * throws Http1Error with the fault of the upstream. The next byte is at `head.base + head.sizeBytes`.
 */
export function decodeResponseHead(
  bytes: Buffer,
  from: number,
  end: number,
  method: string,
  limits: ResponseLimits,
): Http1ResponseHead | undefined {
  const fieldsAt = readStatusLine(bytes, from, end, limits.maxBytes);
  if (fieldsAt < 0) return undefined;
  const { status, minor, reasonStart, reasonEnd } = line;
  const after = readFieldBlock(bytes, from, fieldsAt, end, limits, "upstream");
  if (after < 0) return undefined;
  const { repeated } = found;
  const block = takeBlock(bytes, from, after);
  const isTunnel = method === "CONNECT" && status >= 200 && status < 300;
  const framing = isTunnel ? UNFRAMED : readFraming(block, repeated, minor, "upstream");
  const bodyKind = isTunnel ? "none" : bodyKindOf(status, method, framing);
  const options =
    (block.known & KNOWN.connection) === 0
      ? NO_OPTIONS
      : readConnectionOptions(block.field("connection") ?? "", () => false, "upstream");
  const staysOpen = minor === 1 ? !options.close : options.keepAlive && !options.close;
  return new Http1ResponseHead(block, {
    status,
    reasonStart: reasonStart - from,
    reasonEnd: reasonEnd - from,
    version: minor === 0 ? "HTTP/1.0" : "HTTP/1.1",
    minor,
    bodyKind,
    contentLength: framing >= 0 ? framing : -1,
    keepAlive: staysOpen && bodyKind !== "until-close" && !isOddlyFramed(status, block),
    upgrade: status === 101 ? (block.field("upgrade")?.toLowerCase() ?? "") : "",
    nominated: options.nominated,
    isWhole: bodyKind === "none",
    sizeBytes: after - from,
    fieldsStart: fieldsAt - from,
  });
}

function bodyKindOf(status: number, method: string, framing: number): BodyKind {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  if (framing === CHUNKED) return "chunked";
  if (framing === UNFRAMED) return "until-close";
  return framing === 0 ? "none" : "length";
}

/** A server that frames what can have no body may well send one: its connection is not used again. */
function isOddlyFramed(status: number, block: Fields): boolean {
  return (status < 200 || status === 204) && (block.known & KNOWN["transfer-encoding"]) !== 0;
}

const VERSION = [72, 84, 84, 80, 47, 49, 46];

/** Where the fields begin, or -1. Byte by byte, so that what cannot become a status line is refused at once. */
function readStatusLine(bytes: Buffer, base: number, arrived: number, maxBytes: number): number {
  const limitAt = base + Math.min(maxBytes, HEAD_BYTES_CAP);
  const isOver = arrived > limitAt;
  const end = isOver ? limitAt : arrived;
  for (let i = 0; i < 7; i++) {
    if (base + i >= end) return incomplete(isOver);
    if (bytes[base + i] !== VERSION[i]) throw badLine();
  }
  let status = 0;
  for (let i = 7; i < 12; i++) {
    if (base + i >= end) return incomplete(isOver);
    const byte = bytes[base + i] as number;
    if (i === 7 && byte !== 48 && byte !== 49) throw badLine();
    if (i === 8 && byte !== SP) throw badLine();
    if (i > 8 && (byte < 48 || byte > 57)) throw badLine();
    if (i > 8) status = status * 10 + byte - 48;
    if (i === 9 && (byte === 48 || byte > 53)) throw badLine();
  }
  let at = base + 12;
  if (at >= end) return incomplete(isOver);
  // The space before an empty reason is missing in the answers of many servers.
  if (bytes[at] === SP) at++;
  else if (bytes[at] !== CR) throw badLine();
  const reasonStart = at;
  while (at < end && VALUE_BYTE[bytes[at] as number] === 1) at++;
  if (at >= end) return incomplete(isOver);
  if (bytes[at] !== CR) throw bytes[at] === LF ? badEnding() : badLine();
  if (at + 1 >= end) return incomplete(isOver);
  if (bytes[at + 1] !== LF) throw badEnding();
  line.status = status;
  line.minor = bytes[base + 7] === 48 ? 0 : 1;
  line.reasonStart = reasonStart;
  line.reasonEnd = at;
  return at + 2;
}

function incomplete(isOver: boolean): number {
  if (isOver) throw new Http1Error("head-too-large", "upstream");
  return -1;
}

function badLine(): Http1Error {
  return new Http1Error("bad-status-line", "upstream");
}

function badEnding(): Http1Error {
  return new Http1Error("bad-line-ending", "upstream");
}
