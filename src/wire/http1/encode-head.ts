import type { ByteWriter } from "./byte-writer.ts";
import { encodeFields, nominatedNames } from "./encode-fields.ts";
import { type FieldName, fieldName } from "./field-name.ts";
import { type Http1RequestHead, type Http1ResponseHead, KNOWN } from "./head.ts";
import type { HeadEdits } from "./head-edits.ts";

const CONNECTION = fieldName("connection");
const KEEP_ALIVE = fieldName("keep-alive");
const PROXY_CONNECTION = fieldName("proxy-connection");
const UPGRADE = fieldName("upgrade");
const TE = fieldName("te");
const HOST = fieldName("host");
const HTTP2_SETTINGS = fieldName("http2-settings");
const TRANSFER_ENCODING = fieldName("transfer-encoding");
const CONTENT_LENGTH = fieldName("content-length");

const NOTHING: readonly FieldName[] = [];
/** Present in few heads: a head with none of them is copied whole. */
const HOP_BY_HOP =
  KNOWN.connection | KNOWN["keep-alive"] | KNOWN["proxy-connection"] | KNOWN.te | KNOWN.upgrade;

/** What most heads have of these: the list of names is made once. */
const PLAIN_HOP = KNOWN.connection | KNOWN["keep-alive"] | KNOWN["proxy-connection"];
const PLAIN_HOP_NAMES: readonly FieldName[] = [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION];

/**
 * Writes a request head as it goes upstream: HTTP/1.1, origin form (authority form for CONNECT), without hop-by-hop
 * fields, with the edits. Transfer-Encoding and Content-Length stay as they came: the body is passed on as it is framed.
 */
export function encodeRequestHead(
  out: ByteWriter,
  head: Http1RequestHead,
  edits: HeadEdits | undefined,
): void {
  const { facts, base } = head;
  const dropped = (head.known & HOP_BY_HOP) === 0 ? NOTHING : hopByHopOfRequest(head);
  const target = edits?.target;
  if (target === undefined && facts.form !== "absolute" && facts.minor === 1) {
    out.copy(head.bytes, base, base + facts.fieldsStart);
  } else out.text(`${facts.method} ${target ?? sentTarget(head)} HTTP/1.1\r\n`);
  if (facts.form === "absolute" && !setsHost(edits) && head.field(HOST) !== facts.authority) {
    // The target's host wins over Host (RFC 9112 §3.2.2); where they agree, the field stays as and where it is.
    out.text(`host: ${facts.authority}\r\n`);
    encodeFields(out, head, facts.fieldsStart, facts.sizeBytes, [...dropped, HOST], edits);
  } else {
    if ((head.known & KNOWN.host) === 0 && !setsHost(edits)) out.text("host:\r\n");
    encodeFields(out, head, facts.fieldsStart, facts.sizeBytes, dropped, edits);
  }
  out.text(facts.upgrade === "" ? "\r\n" : "connection: upgrade\r\n\r\n");
}

function sentTarget(head: Http1RequestHead): string {
  return head.form === "absolute" ? head.path : head.target;
}

function setsHost(edits: HeadEdits | undefined): boolean {
  return edits?.edits.some(({ kind, name }) => kind === "set" && name.lower === "host") ?? false;
}

function hopByHopOfRequest(head: Http1RequestHead): readonly FieldName[] {
  if ((head.known & HOP_BY_HOP & ~PLAIN_HOP) === 0 && head.facts.nominated.length === 0)
    return PLAIN_HOP_NAMES;
  const dropped = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    ...nominatedNames(head.facts.nominated),
  ];
  if (head.facts.upgrade === "") dropped.push(UPGRADE, HTTP2_SETTINGS);
  if (head.field(TE)?.toLowerCase() !== "trailers") dropped.push(TE);
  return dropped;
}

/** What the downstream connection needs to be told. */
export interface ResponseTo {
  /** The client's minor version. */
  readonly minor: 0 | 1;
  /** The connection ends after this response. */
  readonly close: boolean;
  /** The request was CONNECT. */
  readonly isConnect: boolean;
}

/**
 * Writes a response head as it goes downstream. A body that ended with the upstream's connection is sent chunked to
 * HTTP/1.1 clients, so that they can tell its end; HTTP/1.0 clients get a body that ends with the connection.
 */
export function encodeResponseHead(
  out: ByteWriter,
  head: Http1ResponseHead,
  edits: HeadEdits | undefined,
  to: ResponseTo,
): void {
  const { facts, base } = head;
  const becomesChunked = facts.bodyKind === "until-close" && to.minor === 1;
  const dropped = droppedOfResponse(head, to);
  if (facts.minor === 1) out.copy(head.bytes, base, base + facts.fieldsStart);
  else {
    out.text("HTTP/1.1");
    out.copy(head.bytes, base + 8, base + facts.fieldsStart);
  }
  encodeFields(out, head, facts.fieldsStart, facts.sizeBytes, dropped, edits);
  if (becomesChunked) out.text("transfer-encoding: chunked\r\n");
  out.text(connectionLine(facts.status, to));
}

function connectionLine(status: number, to: ResponseTo): string {
  if (status === 101) return "connection: upgrade\r\n\r\n";
  if (status < 200 || (to.isConnect && status < 300)) return "\r\n";
  if (to.close) return "connection: close\r\n\r\n";
  return to.minor === 0 ? "connection: keep-alive\r\n\r\n" : "\r\n";
}

function droppedOfResponse(head: Http1ResponseHead, to: ResponseTo): readonly FieldName[] {
  const { status } = head.facts;
  const isTunnel = to.isConnect && status >= 200 && status < 300;
  const hasNoFraming = isTunnel || status < 200 || status === 204;
  const dropsCoding = hasNoFraming || to.minor === 0;
  const drops =
    HOP_BY_HOP |
    (dropsCoding ? KNOWN["transfer-encoding"] : 0) |
    (hasNoFraming ? KNOWN["content-length"] : 0);
  if ((head.known & drops) === 0) return NOTHING;
  if ((head.known & drops & ~PLAIN_HOP) === 0 && head.facts.nominated.length === 0)
    return PLAIN_HOP_NAMES;
  const dropped = [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TE];
  dropped.push(...nominatedNames(head.facts.nominated));
  if (status !== 101 && status !== 426) dropped.push(UPGRADE);
  if (dropsCoding) dropped.push(TRANSFER_ENCODING);
  if (hasNoFraming) dropped.push(CONTENT_LENGTH);
  return dropped;
}

/** What is needed of trailers, whatever protocol they came by. */
export interface TrailerView {
  readonly fieldCount: number;
  fieldName(index: number): string;
  fieldValue(index: number): string;
}

/** Writes the last chunk with the trailers. Only after chunked bodies. */
export function encodeLastChunk(out: ByteWriter, trailers: TrailerView | undefined): void {
  out.text("0\r\n");
  if (trailers !== undefined)
    for (let i = 0; i < trailers.fieldCount; i++)
      out.text(`${trailers.fieldName(i)}: ${trailers.fieldValue(i)}\r\n`);
  out.text("\r\n");
}
