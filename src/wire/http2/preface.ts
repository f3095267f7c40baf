import { Buffer } from "node:buffer";

/** What a client sends first (RFC 9113 section 3.4). */
export const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/**
 * How many bytes of the preface have been seen, given that `seen` were before and `bytes` go on; -1 when these are not
 * it. Also for telling HTTP/2 from other protocols by a connection's first bytes.
 */
export function matchPreface(bytes: Uint8Array, from: number, seen: number): number {
  const count = Math.min(PREFACE.length - seen, bytes.length - from);
  for (let i = 0; i < count; i++) if (bytes[from + i] !== PREFACE[seen + i]) return -1;
  return seen + count;
}
