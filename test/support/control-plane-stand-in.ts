// A ConfigSource that serves whatever a test sets, and remembers what was reported.
import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type {
  ConfigFeed,
  ConfigSource,
  ConnectingProxy,
  Refused,
  SyncEvent,
} from "#xds/server/config-source.ts";

export class TestConfigSource implements ConfigSource {
  readonly opened: ConnectingProxy[] = [];
  readonly events: SyncEvent[] = [];
  openFeeds = 0;
  /** How many have said that they leave for good. */
  farewells = 0;
  refusal: Refused | undefined;
  #snapshot: Snapshot = emptySnapshot;
  readonly #callbacks = new Set<() => void>();
  readonly #waiting = new Set<() => void>();

  set(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const callback of this.#callbacks) callback();
  }

  open(proxy: ConnectingProxy): ConfigFeed | Refused {
    if (this.refusal) return this.refusal;
    this.opened.push(proxy);
    this.openFeeds++;
    let own: (() => void) | undefined;
    this.#look();
    return {
      snapshot: () => this.#snapshot,
      onChange: (callback) => {
        own = callback;
        this.#callbacks.add(callback);
      },
      leaving: async () => void this.farewells++,
      report: (event) => {
        this.events.push(event);
        this.#look();
      },
      [Symbol.dispose]: () => {
        this.openFeeds--;
        if (own) this.#callbacks.delete(own);
        this.#look();
      },
    };
  }

  /** Resolves when the condition holds, looked at after each thing that happens here. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  synced(snapshot: Snapshot): Promise<void> {
    return this.until(() =>
      this.events.some((event) => event.kind === "synced" && event.snapshot === snapshot),
    );
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
