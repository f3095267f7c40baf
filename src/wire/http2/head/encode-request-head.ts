import type { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { fieldName, isToken } from "#wire/http1/field-name.ts";
import { type Http1RequestHead, KNOWN, STRIDE } from "#wire/http1/head.ts";
import type { FieldEdit, HeadEdits } from "#wire/http1/head-edits.ts";
import type { Dialect } from "./dialect.ts";
import { encodeFields, encodeText, filter } from "./encode-fields.ts";
import { encodeOtherPseudo, encodePath, encodePseudoText, STATIC } from "./encode-pseudo.ts";
import { PER_CONNECTION } from "./field-filter.ts";

const HOST = fieldName("host");

/**
 * Whether the head is sent as an extended CONNECT: the peer must have announced that it takes those (RFC 8441). What names one
 * protocol and has neither a body nor a word about one can be.
 */
export function isExtendedConnect(head: Http1RequestHead): boolean {
  const { upgrade, method, bodyKind } = head.facts;
  if (upgrade === "" || method !== "GET" || bodyKind !== "none") return false;
  return (head.known & KNOWN["content-length"]) === 0 && isToken(upgrade);
}

/**
 * Encodes a request as one header block: what the HTTP/1 encoder would send with the same edits, in the words of HTTP/2. An
 * upgrade that is not an extended CONNECT is left out. `scheme`: of the connection that it came by, where the head does not say.
 */
export function encodeRequestHead(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Http1RequestHead,
  edits: HeadEdits | undefined,
  dialect: Dialect,
  scheme: "http" | "https" = "http",
): void {
  const { facts } = head;
  const isWeft = dialect === "weft";
  const isExtended = isExtendedConnect(head);
  hpack.begin(out, isWeft);
  encodeMethod(out, hpack, head, isExtended);
  if (facts.form !== "authority") {
    const isHttps = (facts.scheme === "" ? scheme : facts.scheme) === "https";
    hpack.staticField(out, isHttps ? STATIC.schemeHttps : STATIC.schemeHttp);
    encodeTarget(out, hpack, head, edits);
  }
  if (facts.form === "authority")
    encodePseudoText(out, hpack, STATIC.authority, edits?.target ?? head.target);
  else if (!isWeft) encodeAuthority(out, hpack, head, edits);
  if (isExtended) encodeOtherPseudo(out, hpack, ":protocol", facts.upgrade);
  beginFilter(head, isWeft, isExtended);
  // The target's host wins over Host (RFC 9112 §3.2.2); where they agree, the field stays as and where it is.
  if (isWeft && isOtherHost(head) && editOf(edits, "host")?.kind !== "set") {
    encodeText(out, hpack, "host", facts.authority);
    filter.drop(KNOWN.host);
  }
  encodeFields(out, hpack, head, facts.sizeBytes - 2, edits, isWeft);
}

function isOtherHost(head: Http1RequestHead): boolean {
  return head.facts.form === "absolute" && head.field(HOST) !== head.facts.authority;
}

function beginFilter(head: Http1RequestHead, isWeft: boolean, isExtended: boolean): void {
  const isTunnel = isExtended || head.facts.form === "authority";
  const dropped =
    PER_CONNECTION |
    (isWeft ? 0 : KNOWN.host | KNOWN["transfer-encoding"]) |
    (isWeft && isExtended ? 0 : KNOWN.upgrade) |
    (isTunnel ? KNOWN["content-length"] : 0);
  const dropsSettings = !isExtended && (head.known & KNOWN.upgrade) !== 0;
  filter.begin(head, dropped, head.facts.nominated, dropsSettings);
}

function editOf(edits: HeadEdits | undefined, lower: string): FieldEdit | undefined {
  if (edits === undefined) return undefined;
  for (const edit of edits.edits) if (edit.name.lower === lower) return edit;
  return undefined;
}

function encodeMethod(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Http1RequestHead,
  isExtended: boolean,
): void {
  const { method } = head.facts;
  if (isExtended) encodePseudoText(out, hpack, STATIC.methodGet, "CONNECT");
  else if (method === "GET") hpack.staticField(out, STATIC.methodGet);
  else if (method === "POST") hpack.staticField(out, STATIC.methodPost);
  else hpack.pseudoField(out, STATIC.methodGet, head.bytes, head.base, method.length);
}

function encodeTarget(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Http1RequestHead,
  edits: HeadEdits | undefined,
): void {
  const { form, targetStart, targetEnd } = head.facts;
  const target = edits?.target ?? (form === "absolute" ? head.path : undefined);
  if (target === undefined)
    encodePath(out, hpack, head.bytes, head.base + targetStart, head.base + targetEnd);
  else if (target === "/") hpack.staticField(out, STATIC.pathRoot);
  else encodePseudoText(out, hpack, STATIC.pathRoot, target);
}

/** `:authority` is what Host would say. */
function encodeAuthority(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Http1RequestHead,
  edits: HeadEdits | undefined,
): void {
  const edit = editOf(edits, "host");
  if (edit?.kind === "set") encodePseudoText(out, hpack, STATIC.authority, edit.text);
  else if (head.facts.form === "absolute")
    encodePseudoText(out, hpack, STATIC.authority, head.facts.authority);
  else if (edit === undefined && (head.known & KNOWN.host) !== 0) {
    const packed = head.offsets[head.indexOf(HOST) * STRIDE + 1] as number;
    const start = packed >>> 16;
    hpack.pseudoField(
      out,
      STATIC.authority,
      head.bytes,
      head.base + start,
      (packed & 0xffff) - start,
    );
  }
}
