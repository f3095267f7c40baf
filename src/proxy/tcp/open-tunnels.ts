import type { Clock } from "#core/clock.ts";
import { type Place, Roster } from "#core/roster.ts";
import { NetError } from "#net/net-error.ts";
import type { TcpSeries } from "../telemetry/series.ts";
import type { Tunnel } from "../tunnel.ts";

/** Limits of one tunnel's life; absent: none. */
export interface TunnelLimits {
  /** Without a byte in either direction. */
  readonly idleTimeoutMs: number | undefined;
  readonly maxDurationMs: number | undefined;
}

/** Why a tunnel was ended here. */
export type TunnelLimit = "idle" | "duration";

/** A tunnel while it is open: what it has carried is counted as it goes, and limits are kept to a second. */
export class TrackedTunnel {
  readonly tunnel: Tunnel;
  readonly series: TcpSeries;
  readonly limits: TunnelLimits;
  /** Among those that are open. */
  place: Place<TrackedTunnel> | undefined = undefined;
  /** Set when a limit ended it. */
  endedBy: TunnelLimit | undefined;
  readonly #openedAtMs: number;
  #activeAtMs: number;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(tunnel: Tunnel, series: TcpSeries, limits: TunnelLimits, nowMs: number) {
    this.tunnel = tunnel;
    this.series = series;
    this.limits = limits;
    this.#openedAtMs = nowMs;
    this.#activeAtMs = nowMs;
  }

  /** Istio's words are the callee's: what it received is what the caller sent. */
  count(nowMs: number): void {
    const { sentBytes, receivedBytes } = this.tunnel;
    if (sentBytes === this.#sentBytes && receivedBytes === this.#receivedBytes) return;
    this.series.receivedBytes += sentBytes - this.#sentBytes;
    this.series.sentBytes += receivedBytes - this.#receivedBytes;
    this.#sentBytes = sentBytes;
    this.#receivedBytes = receivedBytes;
    this.#activeAtMs = nowMs;
  }

  enforce(nowMs: number): void {
    const { idleTimeoutMs, maxDurationMs } = this.limits;
    if (maxDurationMs !== undefined && nowMs - this.#openedAtMs >= maxDurationMs)
      this.#end("duration", `open for ${maxDurationMs} ms`);
    else if (idleTimeoutMs !== undefined && nowMs - this.#activeAtMs >= idleTimeoutMs)
      this.#end("idle", `no byte for ${idleTimeoutMs} ms`);
  }

  #end(limit: TunnelLimit, reason: string): void {
    if (this.endedBy !== undefined) return;
    this.endedBy = limit;
    this.tunnel.destroy(new NetError("idle-timeout", reason));
  }
}

/** All tunnels of a proxy, looked at once a second while there are any. */
export class OpenTunnels implements Disposable {
  readonly #clock: Clock;
  readonly #open = new Roster<TrackedTunnel>();
  #interval: ReturnType<typeof setInterval> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  add(tunnel: Tunnel, series: TcpSeries, limits: TunnelLimits): TrackedTunnel {
    const tracked = new TrackedTunnel(tunnel, series, limits, this.#clock.monotonicMs());
    tracked.place = this.#open.add(tracked);
    if (this.#interval === undefined) {
      this.#interval = setInterval(() => this.sweep(), SWEEP_MS);
      this.#interval.unref();
    }
    return tracked;
  }

  /** Its last bytes are counted. */
  remove(tracked: TrackedTunnel): void {
    if (tracked.place === undefined || !this.#open.remove(tracked.place)) return;
    tracked.count(this.#clock.monotonicMs());
    if (this.#open.size === 0) this[Symbol.dispose]();
  }

  sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const tracked of this.#open.values()) {
      tracked.count(nowMs);
      tracked.enforce(nowMs);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }
}

const SWEEP_MS = 1_000;
