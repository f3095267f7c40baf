import { Http2Error } from "#wire/http2/http2-error.ts";
import { Deadline } from "../timer-wheel.ts";
import type { Http2Options } from "./http2-options.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** What is watched of a connection. */
export interface WatchedConnection {
  readonly options: Http2Options;
  readonly streams: Pick<StreamTable, "size" | "values">;
  resetStream(stream: Http2Stream, code: Http2Error["code"], error: Http2Error): void;
  fail(error: Http2Error): void;
  /** A server's connection had no stream for too long. */
  onIdleTimeout(): void;
}

/** A stream is looked at so many times before it has stalled for the whole time. */
const LOOKS = 4;

/**
 * Looks at all streams of a connection a few times per timeout, instead of keeping a clock for each. While there is no
 * stream it waits for the connection to have been idle for too long.
 */
export class StreamWatch {
  readonly #connection: WatchedConnection;
  readonly #isServer: boolean;
  readonly #deadline = new Deadline(() => this.#look());
  readonly #lookMs: number;
  #isLooking = false;
  #idleSinceMs: number;

  constructor(connection: WatchedConnection, isServer: boolean) {
    this.#connection = connection;
    this.#isServer = isServer;
    const { stalledMs, streamIdleMs, bodyTimeoutMs, now } = connection.options;
    const shortest = Math.min(
      stalledMs,
      streamIdleMs ?? stalledMs,
      (isServer ? bodyTimeoutMs : undefined) ?? stalledMs,
    );
    this.#lookMs = Math.max(1, shortest / LOOKS);
    this.#idleSinceMs = now();
  }

  start(): void {
    if (this.#isServer) this.#arm(this.#connection.options.idleTimeoutMs);
  }

  stop(): void {
    this.#connection.options.wheel.cancel(this.#deadline);
  }

  onStream(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#arm(this.#lookMs);
  }

  onIdle(): void {
    if (this.#isServer) this.#idleSinceMs = this.#connection.options.now();
  }

  #arm(afterMs: number): void {
    this.#connection.options.wheel.arm(this.#deadline, afterMs);
  }

  #look(): void {
    const { streams } = this.#connection;
    if (streams.size === 0) {
      this.#isLooking = false;
      if (this.#isServer) this.#lookWhetherIdle();
      return;
    }
    for (const stream of streams.values()) this.#lookAt(stream);
    this.#arm(this.#lookMs);
  }

  #lookWhetherIdle(): void {
    const { idleTimeoutMs, now } = this.#connection.options;
    const restMs = this.#idleSinceMs + idleTimeoutMs - now();
    if (restMs > 0) this.#arm(restMs);
    else this.#connection.onIdleTimeout();
  }

  #lookAt(stream: Http2Stream): void {
    const { stalledMs, streamIdleMs, bodyTimeoutMs } = this.#connection.options;
    stream.look();
    if (this.#boundsUnsent(stream) && stream.unsentLooks * this.#lookMs >= stalledMs)
      this.#reset(stream, "window-stalled");
    else if (this.#boundsUnread(stream) && stream.unreadLooks * this.#lookMs >= stalledMs)
      this.#reset(stream, "window-stalled");
    else if (streamIdleMs !== undefined && stream.idleLooks * this.#lookMs >= streamIdleMs)
      this.#reset(stream, "stream-idle");
    else if (this.#isServer && bodyTimeoutMs !== undefined && !stream.isTunnel)
      if (stream.silentLooks * this.#lookMs >= bodyTimeoutMs) this.#reset(stream, "body-timeout");
  }

  /** Between our own proxies a tunnel stands still for as long as it likes, unless what it holds is missing elsewhere. */
  #boundsUnsent(stream: Http2Stream): boolean {
    const { creditsOnReceipt, budget } = this.#connection.options;
    return !stream.isTunnel || !creditsOnReceipt || budget.isTight;
  }

  /** What is not passed on takes room from the other streams where the shared window waits for it, or where memory is short. */
  #boundsUnread(stream: Http2Stream): boolean {
    if (stream.unreadBytes === 0) return false;
    const { creditsOnReceipt, budget } = this.#connection.options;
    return !creditsOnReceipt || (stream.isTunnel && budget.isTight);
  }

  #reset(stream: Http2Stream, reason: "window-stalled" | "stream-idle" | "body-timeout"): void {
    const error = new Http2Error(reason);
    this.#connection.resetStream(stream, error.code, error);
  }
}
