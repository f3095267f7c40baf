import type { ConfigType } from "#config/snapshot.ts";
import type { SyncEvent } from "#xds/server/config-source.ts";

/** Istio's words, so that habits carry over. */
export type SyncWord = "SYNCED" | "STALE" | "NOT SENT" | "ERROR";

export interface TypeSync {
  readonly status: SyncWord;
  /** Why the proxy refused what it was sent, in its own words. */
  readonly error?: string;
}

interface Entry {
  sentNonce?: string;
  settledNonce?: string;
  error: string | undefined;
}

/** What one proxy has been sent and has answered, per type. */
export class SyncTable {
  readonly #entries = new Map<ConfigType, Entry>();

  observe(event: SyncEvent): void {
    if (event.kind === "synced") return;
    const entry = this.#entry(event.type);
    if (event.kind === "sent") {
      entry.sentNonce = event.nonce;
      return;
    }
    entry.settledNonce = event.nonce;
    entry.error = event.kind === "nacked" ? event.reason : undefined;
  }

  status(type: ConfigType): TypeSync {
    const entry = this.#entries.get(type);
    if (entry?.sentNonce === undefined) return { status: "NOT SENT" };
    if (entry.error !== undefined) return { status: "ERROR", error: entry.error };
    return { status: entry.settledNonce === entry.sentNonce ? "SYNCED" : "STALE" };
  }

  #entry(type: ConfigType): Entry {
    const known = this.#entries.get(type);
    if (known) return known;
    const entry: Entry = { error: undefined };
    this.#entries.set(type, entry);
    return entry;
  }
}
