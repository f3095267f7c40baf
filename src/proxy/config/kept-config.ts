import type { Snapshot } from "#config/snapshot.ts";
import type { Log } from "#core/log.ts";
import { readLastGood, writeLastGood } from "./last-good.ts";

export interface KeptConfigOptions {
  readonly path: string;
  /** What runs now. */
  readonly current: () => Snapshot;
  readonly log: Log;
}

/** What runs, on disk, so that the proxy can start from it without its control plane. */
export class KeptConfig {
  readonly #options: KeptConfigOptions;
  #saving: ReturnType<typeof setTimeout> | undefined;
  #isLeftAlone = false;

  constructor(options: KeptConfigOptions) {
    this.#options = options;
  }

  /** What ran last time; undefined when there is none that can be used. */
  read(): Snapshot | undefined {
    const { path, log } = this.#options;
    const kept = readLastGood(path);
    if (kept.kind === "damaged")
      log.warn({ reason: kept.reason }, "the kept configuration is not used; it is fetched anew");
    return kept.kind === "value" ? kept.value : undefined;
  }

  /** Several changes in a row are written once. */
  saveSoon(): void {
    if (!this.#isLeftAlone) this.#saving ??= setTimeout(() => this.#save(), SAVE_MS);
  }

  /** What waits to be written. */
  saveNow(): void {
    if (this.#saving !== undefined) this.#save();
  }

  /** A successor keeps its own from now on. */
  leaveAlone(): void {
    this.#isLeftAlone = true;
  }

  #save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const { path, current, log } = this.#options;
    try {
      writeLastGood(path, current());
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      log.warn({ reason }, "the configuration could not be kept on disk");
    }
  }
}

const SAVE_MS = 200;
