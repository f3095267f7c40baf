import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { ID_PARTS, type IdPart, type RequestIds } from "./random-ids.ts";

/** What one exchange came to, for its line in the access log. Absent texts are undefined, absent times -1. */
export interface AccessEntry {
  readonly recordId: string;
  readonly startedAtWallMs: number;
  /** A token of HTTP, so it needs no escaping. */
  readonly method: string;
  /** Path and query as the caller sent them. */
  readonly requestTarget: string;
  readonly protocol: string;
  readonly authority: string;
  readonly userAgent: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
  /** Ids that were made here: they are written instead of the two above, where their flags say so. */
  readonly ids?: RequestIds;
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
 * The keys of Istio's JSON log, whose times are whole milliseconds, then Weft's own. One line in ASCII, ending in a newline.
 * What is usually the same from one request to the next is kept as whole fragments, and the line is made where it is
 * written from: as a string it would cost three times as much.
 */
export function writeAccessLine(out: ByteWriter, entry: AccessEntry): void {
  const { durationMs, weftError, failureText, ids } = entry;
  writeStart(out, entry.startedAtWallMs);
  out.text(routeFragment(entry.routeName, entry.method));
  writeText(out, entry.requestTarget);
  out.text(outcomeFragment(entry.protocol, entry.status, entry.flags, entry.details));
  out.decimal(entry.bytesReceived);
  out.text(`,"bytes_sent":`);
  out.decimal(entry.bytesSent);
  out.text(`,"duration":`);
  writeMilliseconds(out, durationMs);
  out.text(`,"upstream_service_time":`);
  writeMilliseconds(out, entry.firstByteMs);
  out.text(callerFragment(entry.authority, entry.userAgent, entry.forwardedFor));
  out.text(entry.upstreamFragment);
  out.text(entry.downstreamFragment);
  out.text(failureText === undefined ? noFailure : failureFragment(weftError, failureText));
  if (ids?.makesRequestId === true) writeId(out, ids, ID_PARTS.requestId);
  else writeText(out, entry.requestId);
  out.text(`,"traceparent":`);
  if (ids?.makesTraceparent === true) writeId(out, ids, ID_PARTS.traceparent);
  else writeText(out, entry.traceparent);
  out.text(`,"record_id":"`);
  out.text(entry.recordId);
  out.text(`","connection_wait":`);
  writeMilliseconds(out, entry.connectionMs);
  out.text(`,"duration_us":`);
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

/** Remembers the fragment of the arguments before: most requests of a proxy are alike. */
function remembering(
  make: (a: Part, b: Part, c: Part, d: Part) => string,
): (a: Part, b: Part, c?: Part, d?: Part) => string {
  let lastA: Part;
  let lastB: Part;
  let lastC: Part;
  let lastD: Part;
  let last: string | undefined;
  return (a, b, c, d) => {
    if (last !== undefined && a === lastA && b === lastB && c === lastC && d === lastD) return last;
    lastA = a;
    lastB = b;
    lastC = c;
    lastD = d;
    last = make(a, b, c, d);
    return last;
  };
}

const routeFragment = remembering(
  (route, method) => `,"route_name":${text(route)},"method":"${method}","path":`,
);
const outcomeFragment = remembering(
  (protocol, status, flags, details) =>
    `,"protocol":"${protocol}","response_code":${status},"response_flags":"${flags}","response_code_details":${text(details)},"connection_termination_details":null,"bytes_received":`,
);
const callerFragment = remembering(
  (authority, userAgent, forwardedFor) =>
    `,"authority":${text(authority)},"user_agent":${text(userAgent)},"x_forwarded_for":${text(forwardedFor)}`,
);
const failureFragment = (weftError: string | undefined, failureText: string): string =>
  `,"upstream_transport_failure_reason":${text(failureText)},"weft_error":${text(weftError)},"request_id":`;
const noFailure = `,"upstream_transport_failure_reason":null,"weft_error":null,"request_id":`;

/** The keys that are the same for every exchange with one endpoint. */
export function upstreamFragment(host: string | undefined, cluster: string | undefined): string {
  return `,"upstream_host":${text(host)},"upstream_cluster":${text(cluster)},"upstream_local_address":null`;
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
    `,"requested_server_name":${text(serverName)}` +
    `,"peer":${text(connection.peer)},"direction":"${connection.direction}"`
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that JSON escapes
const UNSAFE = /["\\\u0000-\u001f\u007f-\uffff]/;

function text(value: Part): string {
  if (value === undefined) return "null";
  const written = String(value);
  return UNSAFE.test(written) ? asciiJson(written) : `"${written}"`;
}

function writeText(out: ByteWriter, value: string | undefined): void {
  if (value === undefined || UNSAFE.test(value)) {
    out.text(text(value));
    return;
  }
  out.byte(QUOTE);
  out.text(value);
  out.byte(QUOTE);
}

const QUOTE = 0x22;

function writeId(out: ByteWriter, ids: RequestIds, { from, to }: IdPart): void {
  out.byte(QUOTE);
  out.copy(ids.lines, from, to);
  out.byte(QUOTE);
}

/** ASCII, so that a line is as many bytes as characters and can be copied as it is. */
function asciiJson(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function writeMilliseconds(out: ByteWriter, ms: number): void {
  if (ms < 0) out.text("null");
  else out.decimal(Math.round(ms));
}

let secondOf = -1;
let secondText = "";

/** `2006-01-02T15:04:05.000Z`; the part up to the second is kept from the call before. */
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
  out.text(`Z"`);
}
