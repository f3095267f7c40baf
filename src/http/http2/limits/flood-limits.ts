import type { TokenRate } from "./token-bucket.ts";

/** What a peer may make us do beyond carrying requests, before the connection is ended with ENHANCE_YOUR_CALM. */
export interface FloodLimits {
  /** Empty DATA frames in a row that do not end their stream. */
  readonly emptyFrames: number;
  /** DATA frames below `tinyDataBytes` that do not end their stream. */
  readonly tinyData: TokenRate;
  readonly tinyDataBytes: number;
  /** Per stream that was opened, and once for the connection. */
  readonly priorityFramesPerStream: number;
  /** 5 + 2 × (streams + this many per DATA frame that was sent). */
  readonly windowUpdatesPerData: number;
  /**
   * PING, SETTINGS, GOAWAY, frames that mean nothing, header blocks and resets of streams that are over. A PING for each DATA
   * frame of either side is free: that is how peers measure the way.
   */
  readonly controlFrames: TokenRate;
  /** RST_STREAM received, and sent because the peer made us. */
  readonly resets: TokenRate;
  /** From so many requests on, no more than half of them may have been reset within `earlyResetMs`. */
  readonly earlyResetsFrom: number;
  readonly earlyResetMs: number;
  /** How much of what has come is read in a turn of the event loop, while others wait: `FrameBudget`. */
  readonly costPerTurn: number;
  /** Frames of any kind, and answers to control frames, that the peer has not read. */
  readonly queuedFrames: number;
  readonly queuedControlFrames: number;
}

export const FLOOD_LIMITS: FloodLimits = {
  emptyFrames: 1,
  tinyData: { burst: 20_000, perSecond: 20_000 },
  tinyDataBytes: 64,
  priorityFramesPerStream: 100,
  windowUpdatesPerData: 10,
  controlFrames: { burst: 10_000, perSecond: 1_000 },
  resets: { burst: 1_000, perSecond: 33 },
  earlyResetsFrom: 500,
  earlyResetMs: 1_000,
  costPerTurn: 240, // in frames below a quarter of the answers that may be unread
  queuedFrames: 10_000,
  queuedControlFrames: 1_000,
};

/**
 * Between our own proxies one connection carries the requests of many clients: what one of them cancels must not end the
 * requests of the others, so resets have a higher rate and are not judged by their share, and a turn brings more.
 */
export const PEER_FLOOD_LIMITS: FloodLimits = {
  ...FLOOD_LIMITS,
  costPerTurn: 960,
  resets: { burst: 20_000, perSecond: 2_000 },
  earlyResetsFrom: Number.POSITIVE_INFINITY,
};
