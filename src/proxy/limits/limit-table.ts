/**
 * Every limit of the data path that can be set, with its default. The reference page, `weft run --limit` and the options of
 * connections all come from this one table.
 */

/** `ms` are written as 500ms, 10s, 5m or 1h; `bytes` as 60Ki or 64Mi; `percent` as 95. */
export type LimitUnit = "bytes" | "ms" | "count" | "percent";

export interface LimitFacts {
  readonly unit: LimitUnit;
  readonly default: number;
  /** The least that may be set; 0 stands for no limit. Default 1. */
  readonly least?: number;
  readonly most?: number;
  /** Several workers of one proxy share it. */
  readonly isDivided?: true;
  readonly summary: string;
  /** What is past it is answered by this, or ends so. */
  readonly past: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const HOUR_MS = 3_600_000;
const HEAD_MAX = 65_535;
const CALM = "GOAWAY with ENHANCE_YOUR_CALM";
const reset = (code: string): string => `the stream is reset with ${code}`;

export const limitTable = {
  "request-head-bytes": {
    ...{ unit: "bytes", default: 60 * KIB, least: 1 * KIB, most: HEAD_MAX },
    summary: "Request head, decoded, cookies and dropped fields included; also its trailers.",
    past: "431 `request-head-too-large`",
  },
  "request-head-fields": {
    ...{ unit: "count", default: 100 },
    summary: "Fields of a request head, each crumb of a cookie counted; also of its trailers.",
    past: "431 `request-head-too-large`",
  },
  "response-head-bytes": {
    ...{ unit: "bytes", default: 60 * KIB, least: 1 * KIB, most: HEAD_MAX },
    summary: "Response head, decoded; also its trailers.",
    past: "502 `upstream-protocol-error`",
  },
  "response-head-fields": {
    ...{ unit: "count", default: 100 },
    summary: "Fields of a response head; also of its trailers.",
    past: "502 `upstream-protocol-error`",
  },
  "chunk-line-bytes": {
    ...{ unit: "bytes", default: 1 * KIB, least: 16 },
    summary: "Size line of one chunk with its extensions, in either direction.",
    past: "400 `bad-request`, 502 `upstream-protocol-error`",
  },
  "informational-responses": {
    ...{ unit: "count", default: 16 },
    summary: "1xx responses before the final one.",
    past: "502 `upstream-protocol-error`",
  },
  "request-head-time": {
    ...{ unit: "ms", default: 10_000 },
    summary: "First to last byte of a request head; of a frame or header block in HTTP/2.",
    past: "408 `request-head-timeout`, GOAWAY",
  },
  "request-body-time": {
    ...{ unit: "ms", default: 0, least: 0 },
    summary: "Between two pieces of a request's body, whatever its framing.",
    past: `408 \`request-body-timeout\`; ${reset("CANCEL")}`,
  },
  "request-body-rate": {
    ...{ unit: "count", default: 240, least: 0 },
    summary:
      "Bytes a second, over its whole time, at which a body of known length arrives while there is room for it (HTTP/1).",
    past: "408 `request-body-timeout`",
  },
  "request-body-grace": {
    ...{ unit: "ms", default: 30_000 },
    summary: "How long such a body may be slower than that rate.",
    past: "408 `request-body-timeout`",
  },
  "preface-time": {
    ...{ unit: "ms", default: 10_000 },
    summary: "The preface and settings of HTTP/2, and the acknowledgement of ours.",
    past: "GOAWAY with PROTOCOL_ERROR or SETTINGS_TIMEOUT",
  },
  "handshake-time": {
    ...{ unit: "ms", default: 10_000 },
    summary: "TLS handshake of a caller.",
    past: "the connection is closed",
  },
  "detection-time": {
    ...{ unit: "ms", default: 10_000 },
    summary: "From a connection's first byte until it is known what is spoken on it.",
    past: "read as HTTP/1 where only requests may come, else passed on as bytes",
  },
  "unread-time": {
    ...{ unit: "ms", default: 30_000 },
    summary:
      "A peer that takes nothing of what waits for it: a shut window of HTTP/2 or of TCP. Of a WebSocket between Weft proxies, only while `buffer-memory` is used up.",
    past: `${reset("CANCEL")}; a connection of HTTP/1 is closed`,
  },
  "connection-idle-time": {
    ...{ unit: "ms", default: HOUR_MS },
    summary: "A caller's connection without a request.",
    past: "the connection is ended in order",
  },
  "stream-idle-time": {
    ...{ unit: "ms", default: 0, least: 0 },
    summary: "A stream of HTTP/2 on which nothing moves in either direction.",
    past: reset("CANCEL"),
  },
  "requests-per-turn": {
    ...{ unit: "count", default: 16 },
    summary:
      "Requests of one connection that are begun per turn of the event loop; in HTTP/2 a head of more than 4 KiB counts as several.",
    past: "the rest wait for the next turn",
  },
  "chunks-per-turn": {
    ...{ unit: "count", default: 128 },
    summary:
      "Chunks of one body of HTTP/1 that are read per turn of the event loop, in either direction; 64 octets of an extension count as one.",
    past: "the rest wait for the next turn",
  },
  "listener-connections": {
    ...{ unit: "count", default: 10_000, isDivided: true },
    summary: "Open connections per listener, handshakes included.",
    past: "closed at once, counted in `weft_connections_refused_total`",
  },
  connections: {
    ...{ unit: "count", default: 50_000, isDivided: true },
    summary: "Open connections of all listeners that carry traffic.",
    past: "closed at once, counted in `weft_connections_refused_total`",
  },
  "http2-streams": {
    ...{ unit: "count", default: 100 },
    summary: "Streams at a time on one connection of HTTP/2.",
    past: `${reset("REFUSED_STREAM")}; nothing is sent upstream`,
  },
  "http2-streams-between-proxies": {
    ...{ unit: "count", default: 1_024 },
    summary: "The same on a connection from another Weft proxy.",
    past: `${reset("REFUSED_STREAM")}; nothing is sent upstream`,
  },
  "http2-head-memory": {
    ...{ unit: "bytes", default: 512 * KIB, least: KIB },
    summary:
      "Heads, decoded, of all requests under way on one connection of HTTP/2; one head may go beyond it.",
    past: `${reset("REFUSED_STREAM")}; nothing is sent upstream`,
  },
  "http2-head-memory-between-proxies": {
    ...{ unit: "bytes", default: 8 * MIB, least: KIB },
    summary: "The same on a connection from another Weft proxy.",
    past: `${reset("REFUSED_STREAM")}; nothing is sent upstream`,
  },
  "http2-stream-window": {
    ...{ unit: "bytes", default: 65_535, least: KIB, most: 2 ** 31 - 1 },
    summary: "What one stream may be sent before it was passed on.",
    past: reset("FLOW_CONTROL_ERROR"),
  },
  "http2-connection-window": {
    ...{ unit: "bytes", default: 1 * MIB, least: 65_535, most: 2 ** 31 - 1 },
    summary: "The same for all streams of a connection together.",
    past: "GOAWAY with FLOW_CONTROL_ERROR",
  },
  "stream-buffer": {
    ...{ unit: "bytes", default: 32 * KIB, least: KIB },
    summary: "What waits on one stream before the other side is paused.",
    past: "the other side is not read",
  },
  "stream-buffer-between-proxies": {
    ...{ unit: "bytes", default: 256 * KIB, least: KIB },
    summary: "The same on a connection between Weft proxies.",
    past: "the other side is not read",
  },
  "buffer-memory": {
    ...{ unit: "bytes", default: 64 * MIB, least: MIB, isDivided: true },
    summary: "What all streams of HTTP/2 hold together.",
    past: `the fullest streams are paused; a quarter beyond it ${reset("ENHANCE_YOUR_CALM")}`,
  },
  "replay-buffer": {
    ...{ unit: "bytes", default: 64 * KIB, least: 0 },
    summary: "What is kept of a request's body in order to try it again.",
    past: "the body streams, and is not tried again",
  },
  "http2-resets": {
    ...{ unit: "count", default: 1_000 },
    summary: "Streams reset by a client, or because of it, at once.",
    past: CALM,
  },
  "http2-resets-per-second": {
    ...{ unit: "count", default: 33 },
    summary: "The same for longer.",
    past: CALM,
  },
  "http2-early-resets-from": {
    ...{ unit: "count", default: 500 },
    summary: "From so many requests on, half of them may be reset within a second.",
    past: CALM,
  },
  "http2-empty-frames": {
    ...{ unit: "count", default: 1 },
    summary: "Empty DATA frames in a row.",
    past: CALM,
  },
  "http2-tiny-data-per-second": {
    ...{ unit: "count", default: 20_000 },
    summary:
      "DATA frames below 64 bytes, a second, that do not end their stream; not those of WebSockets from other Weft proxies.",
    past: CALM,
  },
  "http2-priority-frames": {
    ...{ unit: "count", default: 100 },
    summary: "PRIORITY frames, per stream and once for the connection.",
    past: CALM,
  },
  "http2-window-updates": {
    ...{ unit: "count", default: 10 },
    summary:
      "WINDOW_UPDATE frames: 5 + 2 × (streams + this many per DATA frame that was sent to the peer).",
    past: CALM,
  },
  "http2-control-frames-per-second": {
    ...{ unit: "count", default: 1_000 },
    summary:
      "PING beyond one per DATA frame, SETTINGS, and frames that carry nothing; ten times as many at once.",
    past: CALM,
  },
  "http2-queued-frames": {
    ...{ unit: "count", default: 10_000 },
    summary: "Frames that a peer has not read.",
    past: CALM,
  },
  "http2-queued-control-frames": {
    ...{ unit: "count", default: 1_000 },
    summary: "Answers to PING, SETTINGS and faulty streams that a peer has not read.",
    past: CALM,
  },
  memory: {
    ...{ unit: "bytes", default: 1024 * MIB, least: 0, isDivided: true },
    summary:
      "Resident memory of the proxy, or its control group's limit where that is less. The next three are shares of it.",
    past: "see there",
  },
  "memory-no-keep-alive": {
    ...{ unit: "percent", default: 92, most: 1_000 },
    summary: "From here on connections end with their next response, and garbage is collected.",
    past: "`Connection: close`, GOAWAY",
  },
  "memory-no-requests": {
    ...{ unit: "percent", default: 95, most: 1_000 },
    summary: "From here on new requests are refused.",
    past: "503 `overloaded`",
  },
  "memory-no-connections": {
    ...{ unit: "percent", default: 98, most: 1_000 },
    summary: "From here on new connections are refused.",
    past: "closed at once, counted in `weft_connections_refused_total`",
  },
} as const satisfies Record<string, LimitFacts>;

export type LimitName = keyof typeof limitTable;

export const limitNames = Object.keys(limitTable) as readonly LimitName[];

/** Facts of a limit, without the narrowness of the table's own type. */
export const limitFacts = (name: LimitName): LimitFacts => limitTable[name];

/** A value for each; 0 for no limit where that may be. */
export type ProxyLimits = Readonly<Record<LimitName, number>>;

export const DEFAULT_LIMITS: ProxyLimits = Object.fromEntries(
  limitNames.map((name) => [name, limitTable[name].default]),
) as Record<LimitName, number>;

/** What was given over the defaults, as the share of one of `workers`. */
export function proxyLimits(given: Partial<ProxyLimits> = {}, workers = 1): ProxyLimits {
  const all = { ...DEFAULT_LIMITS, ...given };
  if (workers <= 1) return all;
  for (const name of limitNames)
    if (limitFacts(name).isDivided) all[name] = Math.ceil(all[name] / workers);
  return all;
}
