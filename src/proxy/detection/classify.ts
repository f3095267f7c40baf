/** What the first bytes of a connection say about the rest. */
export type FirstBytes = "http1" | "http2" | "tls" | "other" | "undecided";

/** Longest method name that is waited for. */
const METHOD_LENGTH_MAX = 20;
/** A request line that is longer is one: whoever reads heads has a limit and words for it. */
const LINE_LENGTH_MAX = 8_192;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const VERSION = " HTTP/1.";
const SPACE = 32;
const CR = 13;
const LF = 10;
const TLS_HANDSHAKE = 22;

/**
 * HTTP/1 is known by a whole request line up to its version, since a method and a target alone are also how others begin
 * (`GET key` of a cache, `EHLO name` of mail); HTTP/2 by its preface, TLS by its record header. Everything else is passed on
 * as it is.
 */
export function classify(bytes: Uint8Array): FirstBytes {
  if (bytes.length === 0) return "undecided";
  if (bytes[0] === TLS_HANDSHAKE) return classifyRecord(bytes);
  let at = 0;
  while (at < bytes.length && isMethodByte(bytes[at] ?? 0)) at++;
  if (at === 0 || at > METHOD_LENGTH_MAX) return "other";
  if (at === bytes.length) return "undecided";
  if (bytes[at] !== SPACE) return "other";
  if (startsAlike(bytes, 0, "PRI * HTTP/2"))
    return startsAlike(bytes, 0, PREFACE) ? whole(bytes, PREFACE.length, "http2") : "other";
  return classifyTarget(bytes, at + 1);
}

function classifyTarget(bytes: Uint8Array, start: number): FirstBytes {
  let at = start;
  while (at < bytes.length && isTargetByte(bytes[at] ?? 0)) at++;
  if (at === bytes.length) return at > LINE_LENGTH_MAX ? "http1" : "undecided";
  if (at === start || !startsAlike(bytes, at, VERSION)) return classifyOddTarget(bytes, start, at);
  return whole(bytes, at + VERSION.length, "http1");
}

/** A client that puts spaces or raw bytes into its target is told so, if the line ends as a request's does. */
function classifyOddTarget(bytes: Uint8Array, start: number, wrongAt: number): FirstBytes {
  if (bytes[start] !== SLASH) return "other";
  for (let at = wrongAt; at < bytes.length; at++) {
    if (bytes[at] === LF || bytes[at] === CR) return "other";
    if (bytes[at] === SPACE && startsAlike(bytes, at, VERSION))
      return whole(bytes, at + VERSION.length, "http1");
  }
  return bytes.length > LINE_LENGTH_MAX ? "http1" : "undecided";
}

const SLASH = 47;

/** Type 22, version 3.0 to 3.4. */
function classifyRecord(bytes: Uint8Array): FirstBytes {
  const [, major, minor = 0] = bytes;
  if ((major !== undefined && major !== 3) || minor > 4) return "other";
  return whole(bytes, 3, "tls");
}

function whole(bytes: Uint8Array, length: number, found: FirstBytes): FirstBytes {
  return bytes.length < length ? "undecided" : found;
}

function isMethodByte(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || byte === 45;
}

/** `/path`, `http://…`, `*`, `host:port`. */
function isTargetByte(byte: number): boolean {
  return byte > SPACE && byte !== 127;
}

/** As far as both go. */
function startsAlike(bytes: Uint8Array, start: number, text: string): boolean {
  const length = Math.min(bytes.length - start, text.length);
  for (let i = 0; i < length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
