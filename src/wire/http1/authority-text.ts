import { Buffer } from "node:buffer";
import { isAuthority } from "./authority.ts";
import { TextMemory } from "./text-memory.ts";

/** Valid ones that were met lately: most requests of a proxy name one of a few hosts. */
const recent = new TextMemory(64);

/** The text of `host[:port]`, or undefined for anything else. */
export function authorityText(bytes: Buffer, start: number, end: number): string | undefined {
  if (end === start) return undefined;
  const known = recent.find(bytes, start, end);
  if (known !== undefined) return known;
  return isAuthority(bytes, start, end) ? recent.text(bytes, start, end) : undefined;
}

/** Whether the text, which is an authority, names a port: the target of CONNECT has to. */
export function isAuthorityWithPort(text: string): boolean {
  return isAuthority(Buffer.from(text, "latin1"), 0, text.length, true);
}
