/** What the first bytes of a connection say about the rest. */
export type FirstBytes = "http1" | "other" | "undecided";

/** Longest method name that is waited for. */
const METHOD_LENGTH_MAX = 20;

/**
 * HTTP/1 begins with a token of capital letters, a space and a target; TLS, HTTP/2's preface (`PRI * HTTP/2.0`) and
 * everything else is passed on as it is.
 */
export function classify(bytes: Uint8Array): FirstBytes {
  let at = 0;
  while (at < bytes.length && isMethodByte(bytes[at] ?? 0)) at++;
  if (at > METHOD_LENGTH_MAX) return "other";
  if (at === bytes.length) return "undecided";
  if (at === 0 || bytes[at] !== SPACE) return "other";
  if (startsWith(bytes, "PRI * HTTP/2"))
    return bytes.length < PREFACE.length ? "undecided" : "other";
  if (at + 1 === bytes.length) return "undecided";
  return isTargetByte(bytes[at + 1] ?? 0) ? "http1" : "other";
}

const SPACE = 32;
const PREFACE = "PRI * HTTP/2";

function isMethodByte(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || byte === 45;
}

/** `/path`, `http://…`, `*`, `host:port`. */
function isTargetByte(byte: number): boolean {
  return byte > SPACE && byte < 127;
}

/** As far as both go. */
function startsWith(bytes: Uint8Array, text: string): boolean {
  const length = Math.min(bytes.length, text.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
