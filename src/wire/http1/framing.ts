/** Where a message ends: Content-Length and Transfer-Encoding, with every disagreement refused (RFC 9112 §6). */
import { type FieldName, fieldName } from "./field-name.ts";
import { type Fields, KNOWN, STRIDE } from "./head.ts";
import { type Fault, Http1Error } from "./http1-error.ts";

const CONTENT_LENGTH = fieldName("content-length");
const TRANSFER_ENCODING = fieldName("transfer-encoding");

/** What the framing fields say: a length, `CHUNKED`, or `UNFRAMED` when there are none. */
export const CHUNKED = -2;
export const UNFRAMED = -1;

/** `repeated`: bits of `KNOWN` that came more than once. Throws Http1Error. */
export function readFraming(fields: Fields, repeated: number, minor: 0 | 1, fault: Fault): number {
  const hasLength = (fields.known & KNOWN["content-length"]) !== 0;
  const hasCoding = (fields.known & KNOWN["transfer-encoding"]) !== 0;
  if (!hasLength && !hasCoding) return UNFRAMED;
  if (hasLength && hasCoding) throw new Http1Error("length-and-transfer-encoding", fault);
  if (hasLength) {
    if ((repeated & KNOWN["content-length"]) !== 0)
      throw new Http1Error("repeated-content-length", fault);
    return readLength(fields, fault);
  }
  if ((repeated & KNOWN["transfer-encoding"]) !== 0 || minor === 0)
    throw new Http1Error("bad-transfer-encoding", fault);
  checkCoding(fieldText(fields, TRANSFER_ENCODING), fault);
  return CHUNKED;
}

function fieldText(fields: Fields, name: FieldName): string {
  return fields.fieldValue(fields.indexOf(name));
}

function readLength(fields: Fields, fault: Fault): number {
  const packed = fields.offsets[fields.indexOf(CONTENT_LENGTH) * STRIDE + 1] as number;
  const start = fields.base + (packed >>> 16);
  const end = fields.base + (packed & 0xffff);
  if (end === start || (fields.bytes[start] === 48 && end - start > 1) || end - start > 16)
    throw new Http1Error("bad-content-length", fault);
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = (fields.bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) throw new Http1Error("bad-content-length", fault);
    length = length * 10 + digit;
  }
  if (length > Number.MAX_SAFE_INTEGER) throw new Http1Error("bad-content-length", fault);
  return length;
}

/**
 * `chunked` and nothing else. A request must spell it as everybody does: the next hop may be less forgiving about case
 * than the RFC, and no real client differs.
 */
function checkCoding(value: string, fault: Fault): void {
  if (value === "chunked") return;
  const lower = value.toLowerCase();
  if (fault === "upstream" && lower === "chunked") return;
  const codings = lower.split(",").map((coding) => coding.trim());
  const isKnown = codings.every((coding) => coding === "chunked" || coding === "");
  if (isKnown || codings.at(-1) !== "chunked" || !/^[\x21-\x7e \t]*$/.test(value))
    throw new Http1Error(
      isUnknown(codings) ? "unsupported-transfer-encoding" : "bad-transfer-encoding",
      fault,
    );
  throw new Http1Error("unsupported-transfer-encoding", fault);
}

/** A coding that exists but is not served here, as opposed to a broken spelling of `chunked`. */
function isUnknown(codings: readonly string[]): boolean {
  return (
    codings.every((coding) => /^[a-z][a-z0-9-]*$/.test(coding)) && !codings.includes("chunked")
  );
}
