import type { Snapshot } from "#config/snapshot.ts";
import type { Log } from "#core/log.ts";
import { addToLastGood, readLastGood, writeLastGood } from "./last-good.ts";

export interface KeptConfigOptions {
  readonly path: string;
  /** What runs now. */
  readonly current: () => Snapshot;
  readonly log: Log;
}

/** What the file says, and its length in octets: as it was written whole, and what was added since. */
interface Written {
  readonly snapshot: Snapshot;
  readonly whole: number;
  readonly added: number;
}

/**
 * What runs, on disk, so that the proxy can start from it without its control plane. A change is added to the file, which is
 * written anew when what was added is more than what there is: to write thousands of services takes tens of milliseconds,
 * in which nothing is served.
 */
export class KeptConfig {
  readonly #options: KeptConfigOptions;
  #saving: ReturnType<typeof setTimeout> | undefined;
  #isLeftAlone = false;
  /** Absent: the file may say anything. */
  #written: Written | undefined;

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
    const { current, log } = this.#options;
    try {
      this.#written = this.#write(current());
    } catch (cause) {
      this.#written = undefined;
      const reason = cause instanceof Error ? cause.message : String(cause);
      log.warn({ reason }, "the configuration could not be kept on disk");
    }
  }

  #write(snapshot: Snapshot): Written {
    const { path } = this.#options;
    return this.#add(snapshot) ?? { snapshot, whole: writeLastGood(path, snapshot), added: 0 };
  }

  /** Undefined: the file is to be written whole. */
  #add(snapshot: Snapshot): Written | undefined {
    const before = this.#written;
    if (before === undefined || before.added > Math.max(before.whole, ADDED_MIN_BYTES))
      return undefined;
    try {
      const added = addToLastGood(this.#options.path, before.snapshot, snapshot);
      return { snapshot, whole: before.whole, added: before.added + added };
    } catch {
      return undefined; // gone, or no room for more: what is wrong shows when all of it is written
    }
  }
}

const SAVE_MS = 200;
/** A file of a small mesh is not written anew for each of a few changes. */
const ADDED_MIN_BYTES = 65_536;
