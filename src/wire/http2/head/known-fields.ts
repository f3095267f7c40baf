/** Fields that say something about the connection or the framing: what may come, and with which values. */
import type { Buffer } from "node:buffer";
import { PSEUDO } from "#wire/hpack/field-flags.ts";
import { authorityText } from "#wire/http1/authority-text.ts";
import { KNOWN } from "#wire/http1/head.ts";
import { latin1Slice } from "#wire/http1/latin1.ts";
import { isForbiddenTrailer } from "#wire/http1/trailers.ts";
import type { Http2Reason } from "../http2-error.ts";
import type { HeadParts } from "./head-parts.ts";
import { isText, isTextInAnyCase, lengthOf } from "./values.ts";

/** Fields of one connection of HTTP/1, which a message of HTTP/2 may not have (RFC 9113 §8.2.2). */
const CONNECTION_FIELDS =
  KNOWN.connection |
  KNOWN["keep-alive"] |
  KNOWN["proxy-connection"] |
  KNOWN["transfer-encoding"] |
  KNOWN.upgrade;

/** What is wrong with a field that has this bit of `KNOWN`. Notes what the value says. */
export function knownFieldFault(
  parts: HeadParts,
  bytes: Buffer,
  start: number,
  length: number,
  bit: number,
): Http2Reason | undefined {
  if (bit === KNOWN["content-length"]) {
    const isRepeated = parts.contentLength >= 0;
    parts.contentLength = lengthOf(bytes, start, length);
    return isRepeated || parts.contentLength < 0 ? "bad-content-length" : undefined;
  }
  if (bit === KNOWN.host) return hostFault(parts, bytes, start, length);
  if (bit === KNOWN.te)
    return isTextInAnyCase(bytes, start, length, "trailers") ? undefined : "bad-te";
  if ((bit & CONNECTION_FIELDS) === 0) return undefined;
  if (!parts.isWeft) return "connection-field";
  if (bit === KNOWN.upgrade) return upgradeFault(parts, bytes, start, length);
  if (bit !== KNOWN["transfer-encoding"] || (parts.known & bit) !== 0) return "connection-field";
  // As from HTTP/1: a request must spell it as everybody does.
  const isChunked =
    parts.kind === "request"
      ? length === 7 && isText(bytes, start, "chunked")
      : isTextInAnyCase(bytes, start, length, "chunked");
  return isChunked ? undefined : "connection-field";
}

function upgradeFault(
  parts: HeadParts,
  bytes: Buffer,
  start: number,
  length: number,
): Http2Reason | undefined {
  if (parts.kind !== "request") return undefined;
  if (parts.upgrade !== "") return "connection-field";
  parts.upgrade = latin1Slice(bytes, start, start + length).toLowerCase();
  return undefined;
}

function hostFault(
  parts: HeadParts,
  bytes: Buffer,
  start: number,
  length: number,
): Http2Reason | undefined {
  if (parts.kind !== "request") return undefined;
  const text = authorityText(bytes, start, start + length);
  if (text === undefined) return "bad-authority";
  if (parts.hasHostField) return "repeated-host";
  parts.hasHostField = true;
  if ((parts.seen & (1 << PSEUDO.authority)) === 0) {
    parts.authority = text;
    return undefined;
  }
  // In Weft's dialect `:authority` is the target of CONNECT only, and may differ from Host as in HTTP/1.
  const isSame = parts.isWeft || text.toLowerCase() === parts.authority.toLowerCase();
  return isSame ? undefined : "repeated-host";
}

/** Whether a field says nothing that the head does not have already: Host beside `:authority`. */
export function isSaid(parts: HeadParts, bit: number): boolean {
  return bit === KNOWN.host && parts.kind === "request" && (parts.known & KNOWN.host) !== 0;
}

/** What is wrong with a trailer of that name and bit. */
export function trailerFault(
  bytes: Buffer,
  start: number,
  nameLength: number,
  bit: number,
): Http2Reason | undefined {
  if ((bit & CONNECTION_FIELDS) !== 0) return "connection-field";
  const name = latin1Slice(bytes, start, start + nameLength).toLowerCase();
  return isForbiddenTrailer(name) ? "forbidden-trailer" : undefined;
}
