import type { Buffer } from "node:buffer";
import type { FieldBytes, FieldView } from "#http/exchange.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { type FieldName, fieldName } from "#wire/http1/field-name.ts";
import { ID_PARTS, type IdPart, type RequestIds } from "./random-ids.ts";
import type { RecordIds } from "./record-ids.ts";

const USER_AGENT = fieldName("user-agent");
const FORWARDED_FOR = fieldName("x-forwarded-for");
const REQUEST_ID = fieldName("x-request-id");
const TRACEPARENT = fieldName("traceparent");

type LoggedFields = FieldBytes & Pick<FieldView, "field">;

/** What one exchange came to, for its line in the access log. Absent texts are undefined, absent times -1. */
export interface AccessEntry {
  readonly records: RecordIds;
  /** Of these. */
  readonly recordNumber: number;
  readonly startedAtWallMs: number;
  /** A token of HTTP, so it needs no escaping. */
  readonly method: string;
  /** Path and query as the caller sent them. */
  readonly requestTarget: string;
  readonly protocol: string;
  readonly authority: string;
  /** The caller's: its agent, for whom it asks, and its ids. */
  readonly head: LoggedFields | undefined;
  /** Ids that were made here: they are written instead of the caller's, where their flags say so. */
  readonly ids: RequestIds | undefined;
  readonly routeName: string | undefined;
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  /** Code of `weft-error`, of this proxy's own answers. */
  readonly weftError: string | undefined;
  /** What ended the connection or broke TLS, in words. */
  readonly failureText: string | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
  /** From the start of the exchange until an upstream connection was had, its answer's head came, and its answer was whole. */
  readonly connectionMs: number;
  readonly firstByteMs: number;
  readonly attempts: number;
  /** Made by `upstreamFragment` and `downstreamFragment`, once per endpoint and per connection. */
  readonly upstreamFragment: string;
  readonly downstreamFragment: string;
}

/**
 * The keys of Istio's JSON log, whose times are whole milliseconds, then Weft's own; what is absent is left out, since a
 * quarter of most lines would be nulls. One line in ASCII, ending in a newline. What is usually the same from one request to
 * the next is kept as whole fragments, and the line is made where it is written from: as a string it would cost three
 * times as much.
 */
export function writeAccessLine(out: ByteWriter, entry: AccessEntry): void {
  const { durationMs, weftError, failureText } = entry;
  writeStart(out, entry.startedAtWallMs);
  out.text(outcomeFragment(entry));
  if (entry.routeName !== undefined) {
    out.text(`,"route_name":"`);
    writeWithin(out, entry.routeName);
    out.byte(QUOTE);
  }
  out.text(`,"authority":"`);
  writeWithin(out, entry.authority);
  out.text(`","path":"`);
  writeWithin(out, entry.requestTarget);
  out.text(`","bytes_received":`);
  out.decimal(entry.bytesReceived);
  out.text(`,"bytes_sent":`);
  out.decimal(entry.bytesSent);
  out.text(`,"duration":`);
  writeMilliseconds(out, durationMs);
  if (entry.firstByteMs >= 0) {
    out.text(`,"upstream_service_time":`);
    writeMilliseconds(out, entry.firstByteMs);
  }
  if (entry.head !== undefined) {
    writeField(out, "user_agent", entry.head, USER_AGENT);
    writeField(out, "x_forwarded_for", entry.head, FORWARDED_FOR);
  }
  out.text(entry.upstreamFragment);
  out.text(entry.downstreamFragment);
  if (failureText !== undefined) out.text(failureFragment(weftError, failureText));
  writeIds(out, entry);
  entry.records.write(out, entry.recordNumber);
  if (entry.connectionMs >= 0) {
    out.text(`","connection_wait":`);
    writeMilliseconds(out, entry.connectionMs);
    out.text(`,"duration_us":`);
  } else out.text(`","duration_us":`);
  out.decimal(Math.round(durationMs * 1000));
  out.text(`,"attempts":`);
  out.decimal(entry.attempts);
  out.text("}\n");
}

/** The same as a string. */
export function accessLogLine(entry: AccessEntry): string {
  const out = new ByteWriter(2_048);
  writeAccessLine(out, entry);
  return out.view().toString("latin1");
}

type Part = string | number | undefined;

/** The fragment of the request before, and what it was made of: most requests of a proxy end alike. */
const outcome = { method: "", protocol: "", status: -1, flags: "", details: "", fragment: "" };

/** Begins within the time, and ends with a whole pair. */
function outcomeFragment(entry: AccessEntry): string {
  const { method, protocol, status, flags, details } = entry;
  if (
    status === outcome.status &&
    details === outcome.details &&
    flags === outcome.flags &&
    method === outcome.method &&
    protocol === outcome.protocol
  )
    return outcome.fragment;
  const result = `"response_code":${status},"response_flags":"${flags}","response_code_details":${text(details)}`;
  const fragment = `Z","method":"${method}","protocol":"${protocol}",${result}`;
  Object.assign(outcome, { method, protocol, status, flags, details, fragment });
  return fragment;
}

const failureFragment = (weftError: string | undefined, failureText: string): string =>
  `,"upstream_transport_failure_reason":${text(failureText)}${pair("weft_error", weftError)}`;

/** The ids, up to the value of `record_id`. */
function writeIds(out: ByteWriter, { ids, head }: AccessEntry): void {
  if (ids?.makesRequestId === true) {
    out.text(`,"request_id":"`);
    copyId(out, ids, ID_PARTS.requestId);
    out.byte(QUOTE);
  } else if (head !== undefined) writeField(out, "request_id", head, REQUEST_ID);
  if (ids?.makesTraceparent === true) {
    out.text(`,"traceparent":"`);
    copyId(out, ids, ID_PARTS.traceparent);
    out.byte(QUOTE);
  } else if (head !== undefined) writeField(out, "traceparent", head, TRACEPARENT);
  out.text(`,"record_id":"`);
}

function copyId(out: ByteWriter, ids: RequestIds, { from, to }: IdPart): void {
  out.copy(ids.lines, from, to);
}

/** Octets are copied: most values need no escape, and a string of each would cost more than the rest of the line. */
function writeField(out: ByteWriter, key: string, head: LoggedFields, name: FieldName): void {
  const index = head.indexOf(name);
  if (index < 0) return;
  const { bytes } = head;
  const start = head.valueStart(index);
  const end = head.valueEnd(index);
  if (head.indexOf(name, index + 1) >= 0 || !needsNoEscape(bytes, start, end)) {
    out.text(pair(key, head.field(name)));
    return;
  }
  out.text(`,"`);
  out.text(key);
  out.text(`":"`);
  out.copy(bytes, start, end);
  out.byte(QUOTE);
}

function needsNoEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (PLAIN[bytes[at] as number] === 0) return false;
  return true;
}

/** 1 for what JSON and ASCII have as it is. */
const PLAIN = new Uint8Array(256).map((_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);

/** The keys that are the same for every exchange with one endpoint. */
export function upstreamFragment(host: string | undefined, cluster: string | undefined): string {
  return `${pair("upstream_host", host)}${pair("upstream_cluster", cluster)}`;
}

/** The keys that are the same for every exchange on one connection. */
export function downstreamFragment(connection: {
  readonly local: string;
  readonly remote: string;
  readonly serverName: string;
  readonly peer: string | undefined;
  readonly direction: "inbound" | "outbound";
}): string {
  const serverName = connection.serverName === "" ? undefined : connection.serverName;
  return (
    `,"downstream_local_address":${text(connection.local)}` +
    `,"downstream_remote_address":${text(connection.remote)}` +
    pair("requested_server_name", serverName) +
    `${pair("peer", connection.peer)},"direction":"${connection.direction}"`
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that JSON escapes
const UNSAFE = /["\\\u0000-\u001f\u007f-\uffff]/;

function text(value: Part): string {
  const written = String(value);
  return UNSAFE.test(written) ? asciiJson(written) : `"${written}"`;
}

/** Nothing for what is absent. */
function pair(key: string, value: Part): string {
  return value === undefined ? "" : `,"${key}":${text(value)}`;
}

/** What stands between the quotes of a text. */
function writeWithin(out: ByteWriter, value: string): void {
  const { length } = value;
  const at = out.claim(length);
  const { bytes } = out;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code > LAST_ASCII || PLAIN[code] === 0) {
      out.length = at;
      out.text(asciiJson(value).slice(1, -1));
      return;
    }
    bytes[at + i] = code;
  }
}

const LAST_ASCII = 0x7f;
const QUOTE = 0x22;

/** ASCII, so that a line is as many bytes as characters and can be copied as it is. */
function asciiJson(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function writeMilliseconds(out: ByteWriter, ms: number): void {
  out.decimal(Math.round(ms));
}

let secondOf = -1;
let secondText = "";

/** `{"start_time":"2006-01-02T15:04:05.000`; the part up to the second is kept from the call before. */
function writeStart(out: ByteWriter, wallMs: number): void {
  const whole = Math.floor(wallMs);
  const second = Math.floor(whole / 1000);
  if (second !== secondOf) {
    secondOf = second;
    secondText = `{"start_time":"${new Date(second * 1000).toISOString().slice(0, 20)}`;
  }
  out.text(secondText);
  const ms = whole - second * 1000;
  if (ms < 100) out.byte(0x30);
  if (ms < 10) out.byte(0x30);
  out.decimal(ms);
}
