import { Buffer } from "node:buffer";

/** A header name, prepared once (when configuration arrives) so that a request only compares integers. */
export interface FieldName {
  /** As it is written on the wire. */
  readonly text: string;
  readonly lower: string;
  /** `hashOf` of the lower-case bytes. */
  readonly hash: number;
}

/** For each byte: its lower-case form when it may stand in a token (RFC 9110 §5.6.2), 0 otherwise. */
export const TOKEN_LOWER: Uint8Array = tokenTable();

function tokenTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz", "latin1"))
    table[byte] = byte;
  for (let byte = 65; byte <= 90; byte++) table[byte] = byte + 32;
  return table;
}

/** The hash that the head decoder computes while it reads a name. */
export function hashOf(lower: string): number {
  let hash = 0;
  for (let i = 0; i < lower.length; i++) hash = (Math.imul(hash, 31) + lower.charCodeAt(i)) | 0;
  return hash;
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || TOKEN_LOWER[code] === 0) return false;
  }
  return text.length > 0;
}

const interned = new Map<string, FieldName>();
/** Names come from configuration and code; a bound keeps a caller that passes traffic from growing this. */
const MAX_INTERNED = 10_000;

/** Throws RangeError for a text that is not a token. */
export function fieldName(text: string): FieldName {
  const known = interned.get(text);
  if (known) return known;
  if (!isToken(text)) throw new RangeError(`not a header name: ${JSON.stringify(text)}`);
  const lower = text.toLowerCase();
  const name: FieldName = { text, lower, hash: hashOf(lower) };
  if (interned.size < MAX_INTERNED) interned.set(text, name);
  return name;
}
