import { CLIENT_OPTIONS, type ClientOptions } from "#http/client/client-options.ts";
import { type Http2Dialect, type Http2Options, http2Options } from "#http/http2/http2-options.ts";
import { BufferBudget } from "#http/http2/limits/buffer-budget.ts";
import type { FloodLimits } from "#http/http2/limits/flood-limits.ts";
import type { ServerOptions } from "#http/server/server-options.ts";
import type { BodyLimits } from "#wire/http1/body-decoder.ts";
import { REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import type { ProxyLimits } from "./limit-table.ts";

/** The limits of a proxy in the words of the connections that keep them; made once. */
export interface ConnectionSettings {
  readonly http1Server: Partial<ServerOptions>;
  readonly http2Server: Readonly<Record<Http2Dialect, Partial<Http2Options>>>;
  readonly http1Client: ClientOptions;
  readonly http2Client: Readonly<Record<Http2Dialect, Partial<Http2Options>>>;
  /** What all streams of HTTP/2 hold. */
  readonly budget: BufferBudget;
  /** Of a request's body, for another try. */
  readonly replayBytes: number;
  readonly detection: DetectionTimes;
}

/** How long a connection may be looked at. */
export interface DetectionTimes {
  /** While nobody says anything: as long as a connection may be idle. */
  readonly silentMs: number;
  /** From the first byte until it is known what it is the first byte of. */
  readonly undecidedMs: number;
}

export function connectionSettings(limits: ProxyLimits): ConnectionSettings {
  const budget = new BufferBudget(limits["buffer-memory"]);
  const of = (side: Side, dialect: Http2Dialect) => http2Settings(limits, side, dialect, budget);
  return {
    budget,
    replayBytes: limits["replay-buffer"],
    detection: {
      silentMs: limits["connection-idle-time"],
      undecidedMs: limits["detection-time"],
    },
    http1Server: http1ServerSettings(limits),
    http1Client: {
      ...CLIENT_OPTIONS,
      response: {
        maxBytes: limits["response-head-bytes"],
        maxFields: limits["response-head-fields"],
      },
      body: bodyLimits(limits, "response"),
      maxInformational: limits["informational-responses"],
      unreadMs: limits["unread-time"],
    },
    http2Server: { standard: of("server", "standard"), weft: of("server", "weft") },
    http2Client: { standard: of("client", "standard"), weft: of("client", "weft") },
  };
}

type Side = "server" | "client";

function http1ServerSettings(limits: ProxyLimits): Partial<ServerOptions> {
  const bytesPerSecond = limits["request-body-rate"];
  return {
    request: {
      ...REQUEST_LIMITS,
      maxBytes: limits["request-head-bytes"],
      maxFields: limits["request-head-fields"],
    },
    body: bodyLimits(limits, "request"),
    headTimeoutMs: limits["request-head-time"],
    idleTimeoutMs: limits["connection-idle-time"],
    bodyTimeoutMs: orNone(limits["request-body-time"]),
    bodyRate:
      bytesPerSecond === 0 ? undefined : { bytesPerSecond, graceMs: limits["request-body-grace"] },
    unreadMs: limits["unread-time"],
    requestsPerTurn: limits["requests-per-turn"],
  };
}

function bodyLimits(limits: ProxyLimits, of: "request" | "response"): BodyLimits {
  return {
    maxChunkLineBytes: limits["chunk-line-bytes"],
    maxTrailerBytes: limits[`${of}-head-bytes`],
    maxTrailers: limits[`${of}-head-fields`],
    chunksPerTurn: limits["chunks-per-turn"],
  };
}

function http2Settings(
  limits: ProxyLimits,
  side: Side,
  dialect: Http2Dialect,
  budget: BufferBudget,
): Partial<Http2Options> {
  const head = side === "server" ? "request" : "response";
  const isWeft = dialect === "weft";
  const { flood, streamWindowBytes, connectionWindowBytes } = http2Options({ dialect });
  return {
    dialect,
    budget,
    head: { maxBytes: limits[`${head}-head-bytes`], maxFields: limits[`${head}-head-fields`] },
    maxConcurrentStreams: limits[isWeft ? "http2-streams-between-proxies" : "http2-streams"],
    heldHeadBytes: limits[isWeft ? "http2-head-memory-between-proxies" : "http2-head-memory"],
    streamWindowBytes: isWeft ? streamWindowBytes : limits["http2-stream-window"],
    connectionWindowBytes: isWeft ? connectionWindowBytes : limits["http2-connection-window"],
    streamBufferBytes: limits[isWeft ? "stream-buffer-between-proxies" : "stream-buffer"],
    flood: isWeft ? { ...flood, ...countedFrames(limits) } : floodLimits(limits),
    requestsPerTurn: limits["requests-per-turn"],
    maxInformational: limits["informational-responses"],
    prefaceTimeoutMs: limits["preface-time"],
    settingsTimeoutMs: limits["preface-time"],
    headTimeoutMs: limits["request-head-time"],
    stalledMs: limits["unread-time"],
    streamIdleMs: orNone(limits["stream-idle-time"]),
    bodyTimeoutMs: orNone(limits["request-body-time"]),
    idleTimeoutMs: limits["connection-idle-time"],
  };
}

/** What holds for every peer. */
function countedFrames(limits: ProxyLimits) {
  const tiny = limits["http2-tiny-data-per-second"];
  const control = limits["http2-control-frames-per-second"];
  return {
    emptyFrames: limits["http2-empty-frames"],
    tinyData: { burst: tiny, perSecond: tiny },
    priorityFramesPerStream: limits["http2-priority-frames"],
    windowUpdatesPerData: limits["http2-window-updates"],
    controlFrames: { burst: 10 * control, perSecond: control },
    queuedFrames: limits["http2-queued-frames"],
    queuedControlFrames: limits["http2-queued-control-frames"],
  };
}

function floodLimits(limits: ProxyLimits): FloodLimits {
  return {
    ...http2Options({}).flood,
    ...countedFrames(limits),
    resets: { burst: limits["http2-resets"], perSecond: limits["http2-resets-per-second"] },
    earlyResetsFrom: limits["http2-early-resets-from"],
  };
}

const orNone = (limit: number): number | undefined => (limit === 0 ? undefined : limit);
