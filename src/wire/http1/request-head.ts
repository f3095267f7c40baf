import { Buffer } from "node:buffer";
import { isAuthority } from "./authority.ts";
import { authorityText } from "./authority-text.ts";
import {
  type IsProtected,
  isProtectedByDefault,
  NO_OPTIONS,
  readConnectionOptions,
  upgradeOf,
} from "./connection-options.ts";
import { found, HEAD_BYTES_CAP, readFieldBlock, scratch } from "./field-block.ts";
import { fieldName, TOKEN_LOWER } from "./field-name.ts";
import { CHUNKED, readFraming, UNFRAMED } from "./framing.ts";
import {
  type BodyKind,
  FieldBlock,
  Fields,
  Http1RequestHead,
  KNOWN,
  STRIDE,
  type TargetForm,
} from "./head.ts";
import { Http1Error } from "./http1-error.ts";
import { latin1Slice } from "./latin1.ts";

export interface RequestLimits {
  /** Of the whole head, at most 65,535. */
  readonly maxBytes: number;
  readonly maxFields: number;
  /** Fields that Connection may not name. */
  readonly isProtected: IsProtected;
}

export const REQUEST_LIMITS: RequestLimits = {
  maxBytes: 60 * 1024,
  maxFields: 100,
  isProtected: isProtectedByDefault,
};

const CR = 13;
const LF = 10;
const SP = 32;
const SLASH = 47;
const COLON = 58;
const HOST = fieldName("host");

/** Where the request line of the last `readRequestLine` has its parts; copied out at once. */
const line = { method: "", targetStart: 0, targetEnd: 0, minor: 1 as 0 | 1 };

/**
 * Decodes the head that begins at `from`. Undefined until all of it has arrived; throws Http1Error as soon as what
 * arrived cannot begin a valid one. The result is the same however the bytes were cut. The next byte after the head is
 * at `head.base + head.sizeBytes`. The head keeps `bytes`.
 */
export function decodeRequestHead(
  bytes: Buffer,
  from: number,
  end: number,
  limits: RequestLimits,
): Http1RequestHead | undefined {
  const base = skipEmptyLine(bytes, from, end);
  if (base >= end) return undefined;
  const fieldsAt = readRequestLine(bytes, base, end, limits.maxBytes);
  if (fieldsAt < 0) return undefined;
  const { method, targetStart, targetEnd, minor } = line;
  const form = targetForm(bytes, targetStart, targetEnd, method);
  const after = readFieldBlock(bytes, base, fieldsAt, end, limits, "downstream");
  if (after < 0) return undefined;
  const { repeated } = found;
  const fields = takeBlock(bytes, base, after);
  const host = hostText(fields, repeated, minor);
  const framing = readFraming(fields, repeated, minor, "downstream");
  if (form === "authority" && framing !== UNFRAMED) throw new Http1Error("connect-with-body");
  const options =
    (fields.known & KNOWN.connection) === 0
      ? NO_OPTIONS
      : readConnectionOptions(fields.field("connection") ?? "", limits.isProtected, "downstream");
  const pathStart =
    form === "absolute" ? absolutePathStart(bytes, targetStart, targetEnd) : targetStart;
  return new Http1RequestHead(fields, {
    method,
    targetStart: targetStart - base,
    targetEnd: targetEnd - base,
    form,
    authority: authorityOf(fields, form, host, targetStart, targetEnd, pathStart),
    pathStart: pathStart - base,
    scheme: form === "absolute" ? schemeOf(bytes, targetStart) : "",
    version: minor === 0 ? "HTTP/1.0" : "HTTP/1.1",
    minor,
    bodyKind: bodyKindOf(framing),
    contentLength: framing >= 0 ? framing : -1,
    keepAlive: minor === 1 ? !options.close : options.keepAlive && !options.close,
    upgrade: options.upgrade && minor === 1 ? upgradeOf(fields) : "",
    expectsContinue: (fields.known & KNOWN.expect) !== 0 && readExpect(fields) && minor === 1,
    nominated: options.nominated,
    sizeBytes: after - base,
    fieldsStart: fieldsAt - base,
  });
}

function bodyKindOf(framing: number): BodyKind {
  if (framing === CHUNKED) return "chunked";
  return framing > 0 ? "length" : "none";
}

const block = new FieldBlock();

/** A head that came with more than this does not keep it: it lives as long as its message. */
const COMPANY_BYTES_MAX = 8 * 1024;

/**
 * The block that `readFieldBlock` has just found, of a head from `base` up to `end`, with offsets of its own: valid until the
 * next is asked for.
 */
export function takeBlock(bytes: Buffer, base: number, end: number): Fields {
  block.bytes = base === 0 && bytes.length - end > COMPANY_BYTES_MAX ? copyOf(bytes, end) : bytes;
  block.base = base;
  block.fieldCount = found.count;
  block.offsets = ownOffsets(found.count);
  block.mask = found.mask;
  block.known = found.known;
  return block;
}

function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  bytes.copy(copy, 0, 0, length);
  return copy;
}

/** The same as trailers, to keep. */
export function takeTrailers(bytes: Buffer, base: number): Fields {
  const { count, mask, known } = found;
  return new Fields(bytes, base, count, ownOffsets(count), mask, known);
}

function ownOffsets(count: number): Int32Array {
  // A loop beats `slice` at the size of a head.
  const offsets = new Int32Array(count * STRIDE);
  for (let i = 0; i < offsets.length; i++) offsets[i] = scratch[i] as number;
  return offsets;
}

/** One empty line before a request is tolerated (RFC 9112 §2.2). */
function skipEmptyLine(bytes: Buffer, from: number, end: number): number {
  if (from >= end || bytes[from] !== CR) return from;
  if (from + 1 >= end) return end;
  if (bytes[from + 1] !== LF) throw new Http1Error("bad-line-ending");
  return from + 2;
}

function readRequestLine(bytes: Buffer, base: number, arrived: number, maxBytes: number): number {
  const limitAt = base + Math.min(maxBytes, HEAD_BYTES_CAP);
  const isOver = arrived > limitAt;
  const end = isOver ? limitAt : arrived;
  let at = base;
  while (at < end && TOKEN_LOWER[bytes[at] as number] !== 0) at++;
  if (at >= end) return incomplete(isOver);
  if (bytes[at] !== SP || at === base) throw methodError(bytes[at], at === base);
  const methodEnd = at;
  const targetStart = ++at;
  while (at < end && isTargetByte(bytes[at] as number)) at++;
  if (at >= end) return incomplete(isOver);
  if (bytes[at] !== SP || at === targetStart) throw targetError(bytes[at], at === targetStart);
  const targetEnd = at;
  const minor = readVersion(bytes, at + 1, end);
  if (minor < 0) return incomplete(isOver);
  line.method = methodText(bytes, base, methodEnd);
  line.targetStart = targetStart;
  line.targetEnd = targetEnd;
  line.minor = minor === 0 ? 0 : 1;
  return at + 11;
}

function incomplete(isOver: boolean): number {
  if (isOver) throw new Http1Error("head-too-large");
  return -1;
}

/** Visible ASCII without `#`: a fragment never travels. */
function isTargetByte(byte: number): boolean {
  return byte > SP && byte < 127 && byte !== 35;
}

function methodError(byte: number | undefined, isEmpty: boolean): Http1Error {
  if (byte === CR || byte === LF)
    return new Http1Error(isEmpty ? "bad-line-ending" : "bad-request-line");
  return new Http1Error(isEmpty && byte === SP ? "bad-request-line" : "bad-method");
}

function targetError(byte: number | undefined, isEmpty: boolean): Http1Error {
  if (byte === CR || byte === LF || (isEmpty && byte === SP))
    return new Http1Error("bad-request-line");
  return new Http1Error("bad-target");
}

const VERSION = [72, 84, 84, 80, 47];

/** The minor version of `HTTP/1.x` CRLF, or -1 when it has not arrived. */
function readVersion(bytes: Buffer, start: number, end: number): number {
  for (let i = 0; i < 5; i++) {
    if (start + i >= end) return -1;
    if (bytes[start + i] !== VERSION[i]) throw new Http1Error("bad-version");
  }
  const major = digitAt(bytes, start + 5, end);
  if (major < 0) return -1;
  if (start + 6 >= end) return -1;
  if (bytes[start + 6] !== 46) throw new Http1Error("bad-version");
  const minor = digitAt(bytes, start + 7, end);
  if (minor < 0) return -1;
  if (start + 8 >= end) return -1;
  if (bytes[start + 8] !== CR)
    throw new Http1Error(bytes[start + 8] === LF ? "bad-line-ending" : "bad-version");
  if (start + 9 >= end) return -1;
  if (bytes[start + 9] !== LF) throw new Http1Error("bad-line-ending");
  if (major !== 1 || minor > 1) throw new Http1Error("unsupported-version");
  return minor;
}

function digitAt(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return -1;
  const digit = (bytes[at] as number) - 48;
  if (digit < 0 || digit > 9) throw new Http1Error("bad-version");
  return digit;
}

/** Common methods without making a string. */
function methodText(bytes: Buffer, start: number, end: number): string {
  const first = bytes[start];
  const length = end - start;
  if (length === 3 && first === 71 && bytes[start + 1] === 69 && bytes[start + 2] === 84)
    return "GET";
  if (length === 4 && first === 80 && bytes[start + 1] === 79) {
    if (bytes[start + 2] === 83 && bytes[start + 3] === 84) return "POST";
  }
  return latin1Slice(bytes, start, end);
}

function targetForm(bytes: Buffer, start: number, end: number, method: string): TargetForm {
  if (method === "CONNECT") {
    if (!isAuthority(bytes, start, end, true)) throw new Http1Error("bad-target");
    return "authority";
  }
  if (bytes[start] === SLASH) return "origin";
  if (end - start === 1 && bytes[start] === 42) {
    if (method !== "OPTIONS") throw new Http1Error("bad-target");
    return "asterisk";
  }
  const authorityStart = absoluteAuthorityStart(bytes, start, end);
  const pathStart = absolutePathStart(bytes, start, end);
  if (authorityStart < 0 || !isAuthority(bytes, authorityStart, pathStart))
    throw new Http1Error("bad-target");
  return "absolute";
}

/** After `http://` or `https://`, or -1. */
function absoluteAuthorityStart(bytes: Buffer, start: number, end: number): number {
  const scheme = latin1Slice(bytes, start, Math.min(end, start + 8)).toLowerCase();
  if (scheme.startsWith("http://")) return start + 7;
  return scheme === "https://" ? start + 8 : -1;
}

function schemeOf(bytes: Buffer, start: number): "http" | "https" {
  return bytes[start + 4] === COLON ? "http" : "https";
}

function absolutePathStart(bytes: Buffer, start: number, end: number): number {
  let at = absoluteAuthorityStart(bytes, start, end);
  if (at < 0) return end;
  while (at < end && bytes[at] !== SLASH && bytes[at] !== 63) at++;
  return at;
}

/** What Host says, "" when an HTTP/1.0 request has none. */
function hostText(fields: Fields, repeated: number, minor: 0 | 1): string {
  if ((fields.known & KNOWN.host) === 0) {
    if (minor === 1) throw new Http1Error("missing-host");
    return "";
  }
  if ((repeated & KNOWN.host) !== 0) throw new Http1Error("repeated-host");
  const index = fields.indexOf(HOST);
  const packed = fields.offsets[index * STRIDE + 1] as number;
  const start = fields.base + (packed >>> 16);
  const end = fields.base + (packed & 0xffff);
  const text = authorityText(fields.bytes, start, end);
  if (text === undefined) throw new Http1Error("bad-host");
  return text;
}

function authorityOf(
  fields: Fields,
  form: TargetForm,
  host: string,
  targetStart: number,
  targetEnd: number,
  pathStart: number,
): string {
  if (form === "authority") return latin1Slice(fields.bytes, targetStart, targetEnd);
  if (form === "absolute") {
    const start = absoluteAuthorityStart(fields.bytes, targetStart, targetEnd);
    return latin1Slice(fields.bytes, start, pathStart);
  }
  return host;
}

function readExpect(fields: Fields): boolean {
  if (fields.field("expect")?.toLowerCase() === "100-continue") return true;
  throw new Http1Error("expectation-failed");
}
