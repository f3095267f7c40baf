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

/**
 * The keys of Istio's JSON log, whose times are whole milliseconds, then Weft's own. One line in ASCII, ending in a newline.
 * What is usually the same from one request to the next is kept as whole fragments.
 */
export function accessLogLine(entry: AccessEntry): string {
  const { flags, details, weftError, failureText } = entry;
  const reason = failureText === undefined ? noFailure : failureFragment(weftError, failureText);
  return (
    startFragment(entry.startedAtWallMs) +
    routeFragment(entry.routeName, entry.method) +
    text(entry.requestTarget) +
    outcomeFragment(entry.protocol, `${entry.status}`, flags, details) +
    entry.bytesReceived +
    `,"bytes_sent":${entry.bytesSent},"duration":${milliseconds(entry.durationMs)}` +
    `,"upstream_service_time":${milliseconds(entry.firstByteMs)}` +
    callerFragment(entry.authority, entry.userAgent, entry.forwardedFor) +
    entry.upstreamFragment +
    entry.downstreamFragment +
    reason +
    `,"request_id":${text(entry.requestId)},"traceparent":${text(entry.traceparent)}` +
    `,"record_id":"${entry.recordId}","connection_wait":${milliseconds(entry.connectionMs)}` +
    `,"duration_us":${Math.round(entry.durationMs * 1000)},"attempts":${entry.attempts}}\n`
  );
}

/** Remembers the fragment of the arguments before: most requests of a proxy are alike. */
function remembering(
  make: (...values: readonly (string | undefined)[]) => string,
): (a?: string, b?: string, c?: string, d?: string) => string {
  let lastA: string | undefined;
  let lastB: string | undefined;
  let lastC: string | undefined;
  let lastD: string | undefined;
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
  `,"upstream_transport_failure_reason":${text(failureText)},"weft_error":${text(weftError)}`;
const noFailure = `,"upstream_transport_failure_reason":null,"weft_error":null`;

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

let secondOf = -1;
let secondText = "";

/** `2006-01-02T15:04:05.000Z`; the part up to the second is kept from the call before. */
function startFragment(wallMs: number): string {
  const whole = Math.floor(wallMs);
  const second = Math.floor(whole / 1000);
  if (second !== secondOf) {
    secondOf = second;
    secondText = `{"start_time":"${new Date(second * 1000).toISOString().slice(0, 20)}`;
  }
  return `${secondText}${MILLISECONDS[whole - second * 1000]}Z"`;
}

const MILLISECONDS: readonly string[] = Array.from({ length: 1000 }, (_, ms) =>
  String(ms).padStart(3, "0"),
);
