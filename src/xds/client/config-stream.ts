// A proxy's side of the configuration stream: keeps one connection to the control plane, applies each response whole
// or not at all, and answers it.
//
//   connecting ─▶ connected ─▶ synced
//       ▲             │          │         a lost stream is opened again after a jittered wait; what the proxy runs
//       └── waiting ◀─┴──────────┘         stays as it is, and only what differs is sent
import type { Snapshot } from "#config/snapshot.ts";
import { backoffMs } from "#core/backoff.ts";
import { asXdsError, type XdsError } from "../xds-error.ts";
import { ConfigLink } from "./config-link.ts";
import type {
  ConfigStream,
  ConfigStreamOptions,
  ConfigUpdate,
  Verdict,
} from "./config-stream-options.ts";

const BACKOFF = { baseMs: 200, maxMs: 10_000 };

/** Connects in the background until disposed. */
export function openConfigStream(options: ConfigStreamOptions): ConfigStream {
  const stream = new RunningStream(options);
  stream.start();
  return {
    reconnect: () => stream.replace(),
    leave: (withinMs) => stream.leave(withinMs),
    [Symbol.dispose]: () => stream.stop(),
  };
}

class RunningStream {
  readonly #options: ConfigStreamOptions;
  #snapshot: Snapshot;
  /** The newest link, and the one that it is going to replace. */
  #link: ConfigLink | undefined;
  #old: ConfigLink | undefined;
  #retry: Disposable | undefined;
  #attempt = 0;
  /** Updates that are being applied. */
  #applying = 0;
  #isStopped = false;

  constructor(options: ConfigStreamOptions) {
    this.#options = options;
    this.#snapshot = options.known;
  }

  start(): void {
    this.#retry = undefined;
    this.#options.onState({ kind: "connecting" });
    this.#open();
  }

  /** A second link with the new certificate; the first goes on until the second has had an answer. */
  replace(): void {
    if (this.#isStopped || this.#retry !== undefined) return; // the next try uses it anyway
    if (this.#link?.isUp === true) {
      this.#old?.close();
      this.#old = this.#link;
    } else {
      this.#link?.close();
    }
    this.#open();
  }

  stop(): void {
    this.#isStopped = true;
    this.#retry?.[Symbol.dispose]();
    this.#link?.close();
    this.#old?.close();
  }

  async leave(withinMs: number): Promise<void> {
    const links = [this.#link, this.#old];
    this.#isStopped = true;
    this.#retry?.[Symbol.dispose]();
    await Promise.all(links.map((link) => link?.leave(withinMs)));
  }

  #open(): void {
    const { options, snapshot, apply } = {
      options: this.#options,
      snapshot: () => this.#snapshot,
      apply: (update: ConfigUpdate) => this.#apply(update),
    };
    const link: ConfigLink = new ConfigLink({
      ...options,
      snapshot,
      apply,
      isApplying: () => this.#applying > 0,
      onApplied: () => {
        this.#old?.resume();
        this.#link?.resume();
      },
      onUp: () => this.#up(link),
      onSynced: () => {
        if (link === this.#link) options.onState({ kind: "synced" });
      },
      onDown: (error) => this.#down(link, error),
    });
    this.#link = link;
    void link.open();
  }

  #up(link: ConfigLink): void {
    if (link !== this.#link) return;
    this.#attempt = 0;
    this.#old?.close();
    this.#old = undefined;
    this.#options.onState({ kind: "connected" });
  }

  #down(link: ConfigLink, error: XdsError): void {
    if (this.#isStopped) return;
    if (link === this.#old) {
      this.#old = undefined; // the new one is on its way already
      return;
    }
    if (link !== this.#link) return;
    this.#link = undefined;
    const { onState, timers, random, log } = this.#options;
    if (this.#old) {
      // The replacement failed and the first still works: keep it, and try again later.
      this.#link = this.#old;
      this.#old = undefined;
      log.warn({ reason: error.message }, "connecting with the new certificate failed");
      this.#retry = timers.after(backoffMs(this.#attempt++, BACKOFF, random), () => {
        this.#retry = undefined;
        this.replace();
      });
      return;
    }
    const retryInMs = backoffMs(this.#attempt++, BACKOFF, random);
    log.info(
      { code: error.statusName, reason: error.message, retryInMs },
      "the configuration stream is down",
    );
    this.#retry?.[Symbol.dispose]();
    this.#retry = timers.after(retryInMs, () => this.start());
    const { statusName: code, message: reason } = error;
    onState({ kind: "disconnected", code, reason, retryInMs });
  }

  #apply(update: ConfigUpdate): Verdict | Promise<Verdict> {
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = this.#options.apply(update);
    } catch (cause) {
      const { message } = asXdsError(cause);
      this.#options.log.error({ err: cause, type: update.type }, "applying configuration failed");
      verdict = { kind: "rejected", reason: `the proxy failed to apply it: ${message}` };
    }
    if (!(verdict instanceof Promise)) return this.#note(update, verdict);
    this.#applying++;
    return verdict.then((late) => {
      this.#applying--;
      return this.#note(update, late);
    });
  }

  #note({ snapshot }: ConfigUpdate, verdict: Verdict): Verdict {
    if (verdict.kind === "accepted") this.#snapshot = snapshot;
    return verdict;
  }
}
