const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** Whoever says this much means HTTP/2, or has it wrong. */
const PREFACE_LINE = "PRI * HTTP/2";
const VERSION = "HTTP/";
/** A line that is longer is for the reader of HTTP/1, who has a limit and words for it. */
const LINE_LENGTH_MAX = 8_192;
const SPACE = 32;
const SLASH = 47;
const COLON = 58;
const ASTERISK = 42;

/**
 * The version of HTTP that the first bytes of a connection speak, where nothing else may come. HTTP/2 is known by its
 * preface; what is wrong with anything that resembles a request is for the reader of HTTP/1 to say. A line that has neither
 * the target nor the version of a request is a broken preface (RFC 9113 section 3.4): its sender would not understand an
 * answer of HTTP/1 either.
 */
export function httpVersionOf(bytes: Uint8Array): "http1" | "http2" | "undecided" {
  const alike = lengthAlike(bytes, 0, PREFACE);
  if (alike === PREFACE.length) return "http2";
  if (alike === bytes.length) return "undecided";
  if (alike >= PREFACE_LINE.length) return "http2";
  const methodEnd = wordEnd(bytes, 0);
  if (methodEnd >= bytes.length - 1) return atLineEnd(bytes, methodEnd);
  const target = methodEnd + 1;
  if (bytes[methodEnd] !== SPACE || bytes[target] === SLASH || bytes[target] === ASTERISK)
    return "http1";
  const targetEnd = wordEnd(bytes, target);
  // With a colon it is a whole URL, or `host:port`.
  if (targetEnd === target || bytes.subarray(target, targetEnd).includes(COLON)) return "http1";
  if (targetEnd >= bytes.length - 1) return atLineEnd(bytes, targetEnd);
  const version = targetEnd + 1;
  if (bytes[targetEnd] !== SPACE || bytes[version] === SPACE) return "http1";
  const alikeToo = lengthAlike(bytes, version, VERSION);
  if (alikeToo === VERSION.length) return "http1";
  return version + alikeToo === bytes.length ? "undecided" : "http2";
}

/** So much of the text is there from `start` on. */
function lengthAlike(bytes: Uint8Array, start: number, text: string): number {
  const length = Math.min(bytes.length - start, text.length);
  for (let i = 0; i < length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return i;
  return length;
}

/** Where the visible ASCII from there on ends. */
function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) > SPACE && (bytes[at] as number) < 127) at++;
  return at;
}

/** The bytes end with a word, or with what is behind one. */
function atLineEnd(bytes: Uint8Array, end: number): "http1" | "undecided" {
  const goesOn = end === bytes.length || bytes[end] === SPACE;
  return goesOn && end <= LINE_LENGTH_MAX ? "undecided" : "http1";
}
