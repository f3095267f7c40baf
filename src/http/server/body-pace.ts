import type { RequestHead } from "../exchange.ts";
import type { ServerOptions } from "./server-options.ts";

/** When the next piece of a request's body has to have come: pauses that we made do not count. */
export class BodyPace {
  readonly #options: Pick<ServerOptions, "bodyTimeoutMs" | "bodyRate" | "now">;
  /** As if the body had arrived without our pauses; NaN before its first byte is due. */
  #startedAtMs = Number.NaN;
  #pausedAtMs = 0;

  constructor(options: Pick<ServerOptions, "bodyTimeoutMs" | "bodyRate" | "now">) {
    this.#options = options;
  }

  reset(): void {
    this.#startedAtMs = Number.NaN;
  }

  pause(): void {
    this.#pausedAtMs = this.#options.now();
  }

  resume(): void {
    this.#startedAtMs += this.#options.now() - this.#pausedAtMs;
  }

  /** By the clock of the options; Infinity when there is no limit. `receivedBytes`: of the body so far. */
  dueAtMs({ bodyKind }: RequestHead, receivedBytes: number): number {
    const { bodyTimeoutMs, bodyRate, now } = this.#options;
    const isRated = bodyRate !== undefined && bodyKind === "length";
    if (bodyTimeoutMs === undefined && !isRated) return Number.POSITIVE_INFINITY;
    const nowMs = now();
    const atMs = bodyTimeoutMs === undefined ? Number.POSITIVE_INFINITY : nowMs + bodyTimeoutMs;
    if (!isRated) return atMs;
    if (Number.isNaN(this.#startedAtMs)) this.#startedAtMs = nowMs;
    const earnedMs = (receivedBytes * 1_000) / bodyRate.bytesPerSecond;
    return Math.min(atMs, this.#startedAtMs + bodyRate.graceMs + earnedMs);
  }
}
