import type { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { type Http1ResponseHead, KNOWN } from "#wire/http1/head.ts";
import { fieldLine, type HeadEdits } from "#wire/http1/head-edits.ts";
import { reasonOf } from "#wire/http1/local-head.ts";
import type { Dialect } from "./dialect.ts";
import { encodeFields, encodeLines, encodeText, filter } from "./encode-fields.ts";
import { encodeOtherPseudo, encodeStatus } from "./encode-pseudo.ts";
import { PER_CONNECTION } from "./field-filter.ts";
import { isText } from "./values.ts";

/** What no answer of our own may say itself. */
const NOT_LOCAL = PER_CONNECTION | KNOWN["transfer-encoding"] | KNOWN.upgrade;

/**
 * Encodes a response, informational ones included, as one header block: what the HTTP/1 encoder would send with the same edits, in
 * the words of HTTP/2. 101 becomes 200: the answer to an extended CONNECT. `isConnect`: the request was CONNECT. `upgrade`: the
 * protocol that it asked for, said in Weft's dialect where a 101 does not say to what it changes.
 */
export function encodeResponseHead(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Http1ResponseHead,
  edits: HeadEdits | undefined,
  dialect: Dialect,
  isConnect = false,
  upgrade = "",
): void {
  const { facts } = head;
  const { status } = facts;
  const isWeft = dialect === "weft";
  hpack.begin(out, isWeft);
  encodeStatus(out, hpack, status === 101 ? 200 : status);
  if (isWeft) encodeReason(out, hpack, head);
  const isTunnel = isConnect && status >= 200 && status < 300;
  const hasNoFraming = isTunnel || status < 200 || status === 204;
  const keepsUpgrade = isWeft && (status === 101 || status === 426);
  const dropped =
    PER_CONNECTION |
    KNOWN.te |
    (keepsUpgrade ? 0 : KNOWN.upgrade) |
    (isWeft && !hasNoFraming ? 0 : KNOWN["transfer-encoding"]) |
    (hasNoFraming ? KNOWN["content-length"] : 0);
  filter.begin(head, dropped, facts.nominated, false);
  encodeFields(out, hpack, head, facts.sizeBytes - 2, edits, isWeft);
  if (isWeft && status === 101 && (head.known & KNOWN.upgrade) === 0)
    encodeText(out, hpack, "upgrade", upgrade);
}

/** The reason phrase when it is not the one that the other side would write itself. */
function encodeReason(out: ByteWriter, hpack: HpackEncoder, head: Http1ResponseHead): void {
  const { bytes, base, facts } = head;
  const usual = reasonOf(facts.status);
  const isUsual =
    facts.reasonEnd - facts.reasonStart === usual.length &&
    isText(bytes, base + facts.reasonStart, usual);
  if (!isUsual) encodeOtherPseudo(out, hpack, ":reason", head.reason);
}

export interface LocalHttp2Response {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Undefined for answers that can have none (1xx, 204, 304). */
  readonly contentLength: number | undefined;
  /** An IMF-fixdate, "" for none. */
  readonly date: string;
}

/** Encodes an answer of our own as one header block. Throws RangeError for a field that cannot be sent. */
export function encodeLocalResponse(
  out: ByteWriter,
  hpack: HpackEncoder,
  response: LocalHttp2Response,
): void {
  let lines = "";
  for (const [name, value] of response.fields) lines += fieldLine(name, value);
  if (response.contentLength !== undefined)
    lines += `content-length: ${response.contentLength}\r\n`;
  if (response.date !== "") lines += `date: ${response.date}\r\n`;
  hpack.begin(out, false);
  encodeStatus(out, hpack, response.status);
  filter.beginLocal(NOT_LOCAL);
  encodeLines(out, hpack, lines);
}
