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

/** The keys of Istio's JSON log, whose times are whole milliseconds, then Weft's own. One line, ending in a newline. */
export function accessLogLine(entry: AccessEntry): string {
  return (
    `{"start_time":"${isoTime(entry.startedAtWallMs)}"` +
    `,"route_name":${text(entry.routeName)}` +
    `,"method":"${entry.method}"` +
    `,"path":${text(entry.requestTarget)}` +
    `,"protocol":"${entry.protocol}"` +
    `,"response_code":${entry.status}` +
    `,"response_flags":"${entry.flags}"` +
    `,"response_code_details":"${entry.details}"` +
    `,"connection_termination_details":null` +
    `,"bytes_received":${entry.bytesReceived}` +
    `,"bytes_sent":${entry.bytesSent}` +
    `,"duration":${milliseconds(entry.durationMs)}` +
    `,"upstream_service_time":${milliseconds(entry.firstByteMs)}` +
    `,"x_forwarded_for":${text(entry.forwardedFor)}` +
    `,"user_agent":${userAgentText(entry.userAgent)}` +
    `,"request_id":${text(entry.requestId)}` +
    `,"authority":${rememberedText(entry.authority)}` +
    entry.upstreamFragment +
    entry.downstreamFragment +
    `,"upstream_transport_failure_reason":${text(entry.failureText)}` +
    `,"weft_error":${text(entry.weftError)}` +
    `,"record_id":"${entry.recordId}"` +
    `,"traceparent":${text(entry.traceparent)}` +
    `,"connection_wait":${milliseconds(entry.connectionMs)}` +
    `,"duration_us":${Math.round(entry.durationMs * 1000)}` +
    `,"attempts":${entry.attempts}}\n`
  );
}

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

function text(value: string | undefined): string {
  if (value === undefined) return "null";
  return UNSAFE.test(value) ? asciiJson(value) : `"${value}"`;
}

/** ASCII, so that a line is as many bytes as characters and can be copied as it is. */
function asciiJson(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function milliseconds(ms: number): string {
  return ms < 0 ? "null" : String(Math.round(ms));
}

/** A text that is usually the same as the one before. */
function remembering(): (value: string | undefined) => string {
  let last: string | undefined;
  let lastText = "null";
  return (value) => {
    if (value === last) return lastText;
    last = value;
    lastText = text(value);
    return lastText;
  };
}

const rememberedText = remembering();
const userAgentText = remembering();

let secondOf = -1;
let secondText = "";

/** `2006-01-02T15:04:05.000Z`; the part up to the second is kept from the call before. */
function isoTime(wallMs: number): string {
  const whole = Math.floor(wallMs);
  const second = Math.floor(whole / 1000);
  if (second !== secondOf) {
    secondOf = second;
    secondText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  return `${secondText}${String(whole - second * 1000).padStart(3, "0")}Z`;
}
