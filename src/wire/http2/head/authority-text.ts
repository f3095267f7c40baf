import { Buffer } from "node:buffer";
import { isAuthority } from "#wire/http1/authority.ts";
import { latin1Slice } from "#wire/http1/latin1.ts";

const SLOTS = 64;
/** Valid ones that were met lately: most requests of a proxy name one of a few hosts. */
const recent: string[] = new Array<string>(SLOTS).fill("");

/** The text of `host[:port]`, or undefined for anything else. */
export function authorityText(bytes: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0) return undefined;
  const slot =
    (length * 7 + (bytes[start] as number) * 3 + (bytes[end - 1] as number) * 5) & (SLOTS - 1);
  const known = recent[slot] as string;
  if (isSame(bytes, start, length, known)) return known;
  if (!isAuthority(bytes, start, end)) return undefined;
  const text = latin1Slice(bytes, start, end);
  recent[slot] = text;
  return text;
}

/** Whether the text, which is an authority, names a port: the target of CONNECT has to. */
export function isAuthorityWithPort(text: string): boolean {
  return isAuthority(Buffer.from(text, "latin1"), 0, text.length, true);
}

function isSame(bytes: Buffer, start: number, length: number, text: string): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
