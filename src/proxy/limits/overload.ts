import type { Log } from "#core/log.ts";
import { NetError, type NetErrorCode } from "#net/net-error.ts";
import type { Failure } from "../local-reply.ts";
import type { MetricFamily } from "../telemetry/metric-family.ts";
import type { ProxyLimits } from "./limit-table.ts";
import { type MemoryState, MemoryWatch } from "./memory-watch.ts";

export interface OverloadOptions {
  readonly limits: ProxyLimits;
  /** Resident memory of this process. */
  readonly usedBytes: () => number;
  /** Connections end with their next response while this holds. */
  onKeepAlive(isAllowed: boolean): void;
  relieve(): void;
  readonly log: Log;
}

/** Connections that were turned away for these reasons are worth a line; others only a number. */
const LOUD: ReadonlySet<NetErrorCode> = new Set([
  "too-many-connections",
  "too-many-files",
  "memory-short",
]);

/** What a proxy that is at its limits does not take on, and what it has turned away. */
export class Overload implements Disposable {
  /** The answer to new requests while memory is short. */
  refusal: Failure | undefined = undefined;
  readonly #options: OverloadOptions;
  readonly #watch: MemoryWatch;
  readonly #refused = new Map<NetErrorCode, number>();
  readonly #said = new Set<NetErrorCode>();
  #isFull = false;
  #mayKeepAlive = true;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#watch = new MemoryWatch({
      ...{ limits: options.limits, usedBytes: options.usedBytes },
      onPressure: (state) => this.#onPressure(state),
      relieve: () => options.relieve(),
    });
  }

  /** Undefined: one more may come beside so many. */
  refusalOfConnection(openConnections: number): NetError | undefined {
    if (this.#isFull) return new NetError("memory-short", this.#words(this.#watch.state));
    const most = this.#options.limits.connections;
    if (openConnections < most) return undefined;
    return new NetError("too-many-connections", `${most} are open at all listeners`);
  }

  /** A connection never became one. */
  onRefused({ code, message }: NetError, listener: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    if (!LOUD.has(code) || this.#said.has(code)) return;
    this.#said.add(code); // until the pressure changes: a flood must not fill the log
    this.#options.log.warn({ listener, code, reason: message }, "connections are turned away");
  }

  metrics(): readonly MetricFamily[] {
    const { usedBytes, limitBytes } = this.#watch.state;
    const gauge = (name: string, help: string, value: number): MetricFamily => ({
      ...{ name, help, type: "gauge" },
      metrics: [{ kind: "value", labels: [], value }],
    });
    return [
      {
        name: "weft_connections_refused_total",
        help: "Connections of callers that were turned away before they carried anything.",
        type: "counter",
        metrics: Array.from(this.#refused, ([code, value]) => ({
          kind: "value",
          labels: [["reason", code]],
          value,
        })),
      },
      gauge("weft_memory_bytes", "Resident memory of the proxy when it was looked at.", usedBytes),
      gauge("weft_memory_limit_bytes", "What it may be; 0 for no limit.", limitBytes),
    ];
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #onPressure(state: MemoryState): void {
    const { pressure } = state;
    const { log, onKeepAlive } = this.#options;
    this.#said.clear();
    this.#isFull = pressure === "no-connections";
    const refuses = this.#isFull || pressure === "no-requests";
    this.refusal = refuses ? { code: "overloaded", message: this.#words(state) } : undefined;
    if (this.#mayKeepAlive !== (pressure === "none")) {
      this.#mayKeepAlive = pressure === "none";
      onKeepAlive(this.#mayKeepAlive);
    }
    if (pressure === "none") log.info({ ...state }, "memory is no longer short");
    else log.warn({ ...state }, "memory is short");
  }

  #words({ usedBytes, limitBytes }: MemoryState): string {
    const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
    return `this proxy uses ${mib(usedBytes)} of ${mib(limitBytes)}`;
  }
}
