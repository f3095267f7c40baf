/** `host[:port]` as Host, absolute targets and CONNECT carry it (RFC 9110 §7.2, RFC 3986 §3.2.2). No userinfo. */
import type { Buffer } from "node:buffer";

const COLON = 58;
const PERCENT = 37;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** 1 for unreserved and sub-delims, which a registered name is made of. */
const NAME_BYTE = new Uint8Array(256);
/** 1 for what stands between the brackets of an IP literal. */
const LITERAL_BYTE = new Uint8Array(256);
const HEX_BYTE = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=")
  NAME_BYTE[char.charCodeAt(0)] = 1;
for (const char of "abcdefABCDEF0123456789:.") LITERAL_BYTE[char.charCodeAt(0)] = 1;
for (const char of "abcdefABCDEF0123456789") HEX_BYTE[char.charCodeAt(0)] = 1;

const MAX_BYTES = 1_024;

/** Whether the bytes are a non-empty host with an optional port of 1 to 65535. */
export function isAuthority(bytes: Buffer, start: number, end: number, needsPort = false): boolean {
  if (end - start > MAX_BYTES) return false;
  const hostEnd =
    bytes[start] === OPEN_BRACKET ? literalEnd(bytes, start, end) : nameEnd(bytes, start, end);
  if (hostEnd <= start) return false;
  if (hostEnd === end) return !needsPort;
  return bytes[hostEnd] === COLON && isPort(bytes, hostEnd + 1, end);
}

function nameEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === COLON) return at;
    if (byte === PERCENT) {
      if (at + 2 >= end || !HEX_BYTE[bytes[at + 1] as number] || !HEX_BYTE[bytes[at + 2] as number])
        return -1;
      at += 3;
    } else if (NAME_BYTE[byte] === 1) at++;
    else return -1;
  }
  return at;
}

function literalEnd(bytes: Buffer, start: number, end: number): number {
  let at = start + 1;
  while (at < end && LITERAL_BYTE[bytes[at] as number] === 1) at++;
  return bytes[at] === CLOSE_BRACKET && at < end && at > start + 2 ? at + 1 : -1;
}

function isPort(bytes: Buffer, start: number, end: number): boolean {
  if (end === start || end - start > 5) return false;
  let port = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port > 0 && port <= 65_535;
}
