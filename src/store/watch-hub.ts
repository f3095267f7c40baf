import type { Change } from "./change.ts";
import type { KindKey, WatchEvent } from "./store.ts";
import type { StoreError } from "./store-error.ts";
import { Subscription } from "./subscription.ts";

/** Hands every committed change to the watches of its kind: one event object, shared by all of them. */
export class WatchHub {
  readonly #byKind = new Map<KindKey, Set<Subscription>>();

  subscribe(kind: KindKey, namespace: string | undefined, position: () => string): Subscription {
    const peers = this.#byKind.get(kind) ?? new Set();
    this.#byKind.set(kind, peers);
    const subscription = new Subscription(namespace, position, (gone) => peers.delete(gone));
    peers.add(subscription);
    return subscription;
  }

  publish(changes: readonly Change[]): void {
    for (const change of changes) {
      const peers = this.#byKind.get(change.key.kind);
      if (!peers || peers.size === 0) continue;
      const event = eventOf(change);
      for (const peer of peers)
        if (peer.namespace === undefined || peer.namespace === change.key.namespace)
          peer.push(event);
    }
  }

  fail(error: StoreError): void {
    for (const peers of this.#byKind.values()) for (const peer of [...peers]) peer.fail(error);
  }
}

export function eventOf(change: Change): WatchEvent {
  const { type: kind, object, previous, revision } = change;
  const event = { kind, object, resourceVersion: String(revision) };
  return previous === undefined ? event : { ...event, previous };
}
