/** Pseudo-fields of requests and responses (RFC 9113 §8.3), each with the check of its value. */
import type { Buffer } from "node:buffer";
import { FLAG, PSEUDO, pseudoKindOf } from "#wire/hpack/field-flags.ts";
import { authorityText } from "#wire/http1/authority-text.ts";
import type { Http2Reason } from "../http2-error.ts";
import type { HeadParts } from "./head-parts.ts";
import { isTarget, schemeOf, statusOf, tokenText } from "./values.ts";

/** Takes one, or tells what is wrong with it. */
export function takePseudoField(
  parts: HeadParts,
  bytes: Buffer,
  start: number,
  length: number,
  flags: number,
): Http2Reason | undefined {
  const number = pseudoKindOf(flags);
  const bit = 1 << number;
  if ((flags & (FLAG.badValue | FLAG.edgeSpace)) !== 0) return "bad-field-value";
  if (number !== 0 && (parts.seen & bit) !== 0) return "repeated-pseudo-field";
  parts.seen |= bit;
  if (parts.kind === "request") return takeOfRequest(parts, bytes, start, length, number);
  if (parts.kind === "response") return takeOfResponse(parts, bytes, start, length, number);
  return "unknown-pseudo-field";
}

function takeOfRequest(
  parts: HeadParts,
  bytes: Buffer,
  start: number,
  length: number,
  number: number,
): Http2Reason | undefined {
  if (number === PSEUDO.method) {
    parts.method = tokenText(bytes, start, length);
    return parts.method === "" ? "bad-method" : undefined;
  }
  if (number === PSEUDO.path) {
    if (!isTarget(bytes, start, length)) return "bad-path";
    // Behind it goes ` HTTP/1.1` CRLF.
    parts.prepend(bytes, start, length, 11);
    return undefined;
  }
  if (number === PSEUDO.scheme) {
    parts.scheme = schemeOf(bytes, start, length);
    return parts.scheme === "" ? "bad-scheme" : undefined;
  }
  if (number === PSEUDO.authority) {
    const text = authorityText(bytes, start, start + length);
    if (text === undefined) return "bad-authority";
    parts.authority = text;
    if (!parts.isWeft) parts.addHost(bytes, start, length);
    return undefined;
  }
  if (number !== PSEUDO.protocol) return "unknown-pseudo-field";
  parts.protocol = tokenText(bytes, start, length).toLowerCase();
  return parts.protocol === "" ? "unknown-pseudo-field" : undefined;
}

function takeOfResponse(
  parts: HeadParts,
  bytes: Buffer,
  start: number,
  length: number,
  number: number,
): Http2Reason | undefined {
  if (number === PSEUDO.status) {
    parts.status = statusOf(bytes, start, length);
    return parts.status === 0 ? "bad-status" : undefined;
  }
  if (number !== PSEUDO.reason || !parts.isWeft) return "unknown-pseudo-field";
  // Behind it goes CRLF.
  parts.prepend(bytes, start, length, 2);
  return undefined;
}
