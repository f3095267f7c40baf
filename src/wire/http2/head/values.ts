/** Values of pseudo-fields and of fields that say how a message is framed, read from their bytes. */
import type { Buffer } from "node:buffer";
import { TOKEN_LOWER } from "#wire/http1/field-name.ts";
import { latin1Slice } from "#wire/http1/latin1.ts";

/** 1 for visible ASCII without `#`: a fragment never travels. */
const TARGET_BYTE = new Uint8Array(256).map((_, byte) =>
  byte > 32 && byte < 127 && byte !== 35 ? 1 : 0,
);

export function isText(bytes: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** `lower` in any case. */
export function isTextInAnyCase(
  bytes: Buffer,
  start: number,
  length: number,
  lower: string,
): boolean {
  if (length !== lower.length) return false;
  for (let i = 0; i < length; i++)
    if (TOKEN_LOWER[bytes[start + i] as number] !== lower.charCodeAt(i)) return false;
  return true;
}

/** A token as text, "" for anything else. */
export function tokenText(bytes: Buffer, start: number, length: number): string {
  if (length === 3 && isText(bytes, start, "GET")) return "GET";
  if (length === 4 && isText(bytes, start, "POST")) return "POST";
  for (let i = 0; i < length; i++) if (TOKEN_LOWER[bytes[start + i] as number] === 0) return "";
  return latin1Slice(bytes, start, start + length);
}

export function isTarget(bytes: Buffer, start: number, length: number): boolean {
  let isGood = 1;
  for (let at = start; at < start + length; at++)
    isGood &= TARGET_BYTE[bytes[at] as number] as number;
  return isGood === 1 && length > 0;
}

/** "" for a scheme that is not served. */
export function schemeOf(bytes: Buffer, start: number, length: number): "" | "http" | "https" {
  if (length === 4 && isText(bytes, start, "http")) return "http";
  return length === 5 && isText(bytes, start, "https") ? "https" : "";
}

/** 100 to 599, 0 for anything else. */
export function statusOf(bytes: Buffer, start: number, length: number): number {
  if (length !== 3) return 0;
  let status = 0;
  for (let at = start; at < start + 3; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status >= 100 && status <= 599 ? status : 0;
}

/** A plain decimal number that can be kept exactly, else -1. */
export function lengthOf(bytes: Buffer, start: number, length: number): number {
  if (length === 0 || length > 16 || (length > 1 && bytes[start] === 48)) return -1;
  let value = 0;
  for (let at = start; at < start + length; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
