import { Http2Error } from "#wire/http2/http2-error.ts";
import type { FloodLimits } from "./flood-limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Counts what one peer makes us do. Every method throws Http2Error (connection) past its limit. */
export class FloodGuard {
  readonly #limits: FloodLimits;
  readonly #now: () => number;
  readonly #resets: TokenBucket;
  readonly #tinyData: TokenBucket;
  readonly #controlFrames: TokenBucket;
  #streams = 0;
  #dataSent = 0;
  #dataReceived = 0;
  #pings = 0;
  #emptyInRow = 0;
  #priorities = 0;
  #windowUpdates = 0;
  #earlyResets = 0;

  constructor(limits: FloodLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    const nowMs = now();
    this.#resets = new TokenBucket(limits.resets, nowMs);
    this.#tinyData = new TokenBucket(limits.tinyData, nowMs);
    this.#controlFrames = new TokenBucket(limits.controlFrames, nowMs);
  }

  onStream(): void {
    this.#streams++;
    this.#emptyInRow = 0;
  }

  onDataSent(): void {
    this.#dataSent++;
  }

  /** A DATA frame with so many bytes of data, padding not counted. */
  onData(dataLength: number, endStream: boolean): void {
    this.#dataReceived++;
    if (dataLength >= this.#limits.tinyDataBytes || endStream) {
      this.#emptyInRow = 0;
      return;
    }
    if (dataLength > 0) this.#emptyInRow = 0;
    else if (++this.#emptyInRow > this.#limits.emptyFrames) throw new Http2Error("empty-frames");
    if (!this.#tinyData.take(this.#now)) throw new Http2Error("tiny-data");
  }

  /** A DATA frame inside a tunnel of a peer that may send them as small as they come. */
  onTunnelData(): void {
    this.#dataReceived++;
    this.#emptyInRow = 0;
  }

  /** PING of either kind. */
  onPing(): void {
    if (this.#pings < this.#dataSent + this.#dataReceived) this.#pings++;
    else this.onControl();
  }

  /** A frame that costs its sender nothing, and carries no request further. */
  onControl(): void {
    if (!this.#controlFrames.take(this.#now)) throw new Http2Error("control-frames");
  }

  onPriority(): void {
    if (++this.#priorities > this.#limits.priorityFramesPerStream * (1 + this.#streams))
      throw new Http2Error("priority-flood");
  }

  onWindowUpdate(): void {
    const allowed = 5 + 2 * (this.#streams + this.#limits.windowUpdatesPerData * this.#dataSent);
    if (++this.#windowUpdates > allowed) throw new Http2Error("window-update-flood");
  }

  /** A stream was reset by the peer, or had to be reset by us because of what the peer did. */
  onReset(startedAtMs: number): void {
    if (!this.#resets.take(this.#now)) throw new Http2Error("reset-flood");
    const { earlyResetMs, earlyResetsFrom } = this.#limits;
    if (this.#now() - startedAtMs < earlyResetMs) this.#earlyResets++;
    if (this.#streams >= earlyResetsFrom && this.#earlyResets * 2 > this.#streams)
      throw new Http2Error("reset-flood");
  }
}
