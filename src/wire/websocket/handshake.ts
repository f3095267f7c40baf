/** The two fields by which the ends of a WebSocket over HTTP/1 know that they mean each other (RFC 6455 §1.3). */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** So many random octets make a key. */
export const KEY_BYTES = 16;

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The value of Sec-WebSocket-Key for these octets. */
export function keyOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64");
}

/** What the server says in Sec-WebSocket-Accept to that key. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`, "latin1").digest("base64");
}
