import type { ProxyLimits } from "./limit-table.ts";

/** How short memory is; each step includes those before it. */
export type MemoryPressure = "none" | "no-keep-alive" | "no-requests" | "no-connections";

/** What the process has now, of what it may. */
export interface MemoryState {
  readonly pressure: MemoryPressure;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface MemoryWatchOptions {
  readonly limits: ProxyLimits;
  /** Resident memory of this process. */
  readonly usedBytes: () => number;
  /** Told when the pressure is another than before. */
  onPressure(state: MemoryState): void;
  /** Gives back what can be given back; called now and then while there is any pressure. */
  relieve(): void;
}

const EVERY_MS = 250;
/** Looks between two attempts to give something back. */
const RELIEVE_LOOKS = 8;

/** Looks at the process's memory four times a second, until it is disposed of. */
export class MemoryWatch implements Disposable {
  readonly #options: MemoryWatchOptions;
  readonly #steps: readonly (readonly [MemoryPressure, number])[];
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #pressure: MemoryPressure = "none";
  #usedBytes = 0;
  #looks = 0;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    const { limits } = options;
    const from = (percent: number): number => (limits.memory * percent) / 100;
    this.#steps = [
      ["no-connections", from(limits["memory-no-connections"])],
      ["no-requests", from(limits["memory-no-requests"])],
      ["no-keep-alive", from(limits["memory-no-keep-alive"])],
    ];
    if (limits.memory === 0) return;
    this.#timer = setInterval(() => this.look(), EVERY_MS);
    this.#timer.unref();
  }

  get state(): MemoryState {
    return {
      pressure: this.#pressure,
      usedBytes: this.#usedBytes,
      limitBytes: this.#options.limits.memory,
    };
  }

  look(): void {
    this.#usedBytes = this.#options.usedBytes();
    const reached = this.#steps.find(([, bytes]) => this.#usedBytes >= bytes);
    const pressure = reached?.[0] ?? "none";
    const isNew = pressure !== this.#pressure;
    this.#pressure = pressure;
    if (isNew) this.#options.onPressure(this.state);
    if (pressure === "none") this.#looks = 0;
    else if (this.#looks++ % RELIEVE_LOOKS === 0) this.#options.relieve();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
