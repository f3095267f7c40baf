import { MIN_MAX_FRAME_BYTES } from "#wire/http2/frame-header.ts";
import type { Http2Error } from "#wire/http2/http2-error.ts";
import type { LocalReply } from "../exchange.ts";
import { type TimerWheel, timerWheel } from "../timer-wheel.ts";
import { type BufferBudget, bufferBudget } from "./limits/buffer-budget.ts";
import { FLOOD_LIMITS, type FloodLimits, PEER_FLOOD_LIMITS } from "./limits/flood-limits.ts";

/** Standard HTTP/2, or Weft's own between its proxies, in which heads keep their case, order and bytes. */
export type Http2Dialect = "standard" | "weft";

export interface KeepAlive {
  /** Between two PINGs, while nothing else comes. Absent: none at regular times. */
  readonly intervalMs?: number;
  /** A client's connection that was without requests for longer is asked together with the next one. */
  readonly idleIntervalMs?: number;
  /** For the answer; past it the connection is given up. */
  readonly timeoutMs: number;
}

/** What both sides of a connection are made with. Bytes of heads count decoded. */
export interface Http2Options {
  readonly dialect: Http2Dialect;
  /** Of heads and trailers. */
  readonly head: { readonly maxBytes: number; readonly maxFields: number };
  /** As a server what is announced; as a client what is used even when the server allows more. */
  readonly maxConcurrentStreams: number;
  /** Of the heads of all requests under way, as a server; past it no stream is begun. One head may go beyond it. */
  readonly heldHeadBytes: number;
  /** What one stream may be sent before we have passed it on. */
  readonly streamWindowBytes: number;
  /** The same for all streams together. */
  readonly connectionWindowBytes: number;
  /** The connection's window is opened again when data comes, not when it is passed on: no slow reader stops the others. */
  readonly creditsOnReceipt: boolean;
  readonly maxFrameBytes: number;
  /** Of the peer's encoder; ours uses at most this, too. */
  readonly headerTableBytes: number;
  /** What may wait for the peer's window per stream before `write` returns false. */
  readonly streamBufferBytes: number;
  readonly budget: BufferBudget;
  readonly flood: FloodLimits;
  /** As a server: extended CONNECT (RFC 8441) is offered. */
  readonly allowsExtendedConnect: boolean;
  /** Requests of one connection that are started per turn of the event loop. */
  readonly requestsPerTurn: number;
  /** How long the rest of a request is still taken when it was answered before it had come whole. */
  readonly earlyAnswerMs: number;
  /** 1xx heads before the final one. */
  readonly maxInformational: number;
  /** The peer's preface and first settings; as a client, the server's. */
  readonly prefaceTimeoutMs: number;
  readonly settingsTimeoutMs: number;
  /** From the first byte of a frame or header block to its last. */
  readonly headTimeoutMs: number;
  /** A stream whose data the peer does not take, or whose data we cannot pass on while it fills the shared window. */
  readonly stalledMs: number;
  /** A stream on which nothing moves in either direction; undefined for no limit. */
  readonly streamIdleMs: number | undefined;
  /** Between two pieces of a request's body that we are ready to read; undefined for no limit. */
  readonly bodyTimeoutMs: number | undefined;
  /** A server's connection without a stream. */
  readonly idleTimeoutMs: number;
  /** Between the two steps of ending in order, when the peer does not answer the PING between them. */
  readonly drainPingMs: number;
  /** How long a connection that was refused is still read, so that the peer sees why. */
  readonly lingerMs: number;
  readonly keepAlive: KeepAlive | undefined;
  /** The answer to a request that was refused but can still be answered (`error.status` is not 400). */
  readonly describeError: (error: Http2Error) => LocalReply;
  readonly wheel: TimerWheel;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** For the Date field of our own answers; "" for none. */
  readonly date: () => string;
}

function plainDescription(error: Http2Error): LocalReply {
  return {
    status: error.status,
    fields: [["content-type", "text/plain; charset=utf-8"]],
    body: `${error.message}\n`,
  };
}

/** Towards applications and strangers: the shared window bounds what a connection can make us hold. */
export const HTTP2_OPTIONS: Http2Options = {
  dialect: "standard",
  head: { maxBytes: 60 * 1024, maxFields: 100 },
  maxConcurrentStreams: 100,
  heldHeadBytes: 512 * 1024,
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1024 * 1024,
  creditsOnReceipt: false,
  maxFrameBytes: MIN_MAX_FRAME_BYTES,
  headerTableBytes: 4_096,
  streamBufferBytes: 32 * 1024,
  budget: bufferBudget,
  flood: FLOOD_LIMITS,
  allowsExtendedConnect: true,
  requestsPerTurn: 16,
  earlyAnswerMs: 1_000,
  maxInformational: 16,
  prefaceTimeoutMs: 10_000,
  settingsTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  stalledMs: 30_000,
  streamIdleMs: undefined,
  bodyTimeoutMs: undefined,
  idleTimeoutMs: 3_600_000,
  drainPingMs: 5_000,
  lingerMs: 2_000,
  keepAlive: undefined,
  describeError: plainDescription,
  wheel: timerWheel,
  now: () => performance.now(),
  date: () => new Date().toUTCString(),
};

/** Between Weft's proxies: many streams, no slow reader stops the others, and the budget of the process bounds the rest. */
export const WEFT_HTTP2_OPTIONS: Http2Options = {
  ...HTTP2_OPTIONS,
  dialect: "weft",
  maxConcurrentStreams: 1_024,
  heldHeadBytes: 8 * 1024 * 1024,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  creditsOnReceipt: true,
  headerTableBytes: 16 * 1024,
  streamBufferBytes: 256 * 1024,
  flood: PEER_FLOOD_LIMITS,
};

/** Options that were not given are those of the dialect. */
export function http2Options(given: Partial<Http2Options>): Http2Options {
  return { ...(given.dialect === "weft" ? WEFT_HTTP2_OPTIONS : HTTP2_OPTIONS), ...given };
}
