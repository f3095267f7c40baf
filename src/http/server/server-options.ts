import { BODY_LIMITS, type BodyLimits } from "#wire/http1/body-decoder.ts";
import type { Http1Error } from "#wire/http1/http1-error.ts";
import { REQUEST_LIMITS, type RequestLimits } from "#wire/http1/request-head.ts";
import type { LocalReply, RequestHead } from "../exchange.ts";
import { type TimerWheel, timerWheel } from "../timer-wheel.ts";

/** Counted over the whole body, while we are ready to read. */
export interface BodyRate {
  readonly bytesPerSecond: number;
  /** Not judged before. */
  readonly graceMs: number;
}

export interface ServerOptions {
  readonly request: RequestLimits;
  readonly body: BodyLimits;
  /** From the first byte of a head to its last. */
  readonly headTimeoutMs: number;
  /** Without a request under way. */
  readonly idleTimeoutMs: number;
  /** Between two pieces of a request's body that we are ready to read; undefined for no limit. */
  readonly bodyTimeoutMs: number | undefined;
  /** How slow the body of a request whose length is known may be; undefined for no limit. */
  readonly bodyRate: BodyRate | undefined;
  /** How long a client may take nothing of what waits for it. */
  readonly unreadMs: number;
  /** Bytes that a client may send ahead (pipelined requests, tunnel data) before it is no longer read. */
  readonly maxHeldBytes: number;
  /** Unread body bytes that are discarded after a response so that the connection can be used again. */
  readonly maxDiscardedBytes: number;
  /** Requests of one connection that are started per turn of the event loop. */
  readonly requestsPerTurn: number;
  /** How long a connection that was refused is still read, so that the client sees why. */
  readonly lingerMs: number;
  /** The answer to a request that broke the protocol. `request` is known when only its body was bad. */
  readonly describeError: (error: Http1Error, request: RequestHead | undefined) => LocalReply;
  readonly wheel: TimerWheel;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** For the Date field of our own answers; "" for none. */
  readonly date: () => string;
}

function plainDescription(error: Http1Error): LocalReply {
  return {
    status: error.status,
    fields: [["content-type", "text/plain; charset=utf-8"]],
    body: `${error.message}\n`,
  };
}

export const SERVER_OPTIONS: ServerOptions = {
  request: REQUEST_LIMITS,
  body: BODY_LIMITS,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  bodyTimeoutMs: undefined,
  bodyRate: { bytesPerSecond: 240, graceMs: 30_000 },
  unreadMs: 30_000,
  maxHeldBytes: 64 * 1024,
  maxDiscardedBytes: 256 * 1024,
  requestsPerTurn: 16,
  lingerMs: 2_000,
  describeError: plainDescription,
  wheel: timerWheel,
  now: () => performance.now(),
  date: () => new Date().toUTCString(),
};
