import type { ConfigResource, ConfigType, Snapshot } from "#config/snapshot.ts";
import { changedNames } from "./changed-names.ts";

/** A response of one type that waits for its ACK or NACK. There is at most one per type. */
export interface Pending {
  readonly nonce: string;
  /** As the control plane made it, for its records. */
  readonly snapshot: Snapshot;
  readonly upserts: readonly ConfigResource[];
  readonly removed: readonly string[];
}

/** What the client has: our resource, or only the version that it told us of. */
export type Held = ConfigResource | { readonly version: string; readonly type?: undefined };

/** What the client lacks of the newest configuration. */
export interface Difference {
  readonly upserts: readonly ConfigResource[];
  readonly removals: readonly string[];
  /** Of these, what it has refused: not sent again until the content changes. */
  readonly withheld: number;
}

const NONE: Difference = { upserts: [], removals: [], withheld: 0 };

/** One type of configuration on one stream: what is asked for, what is there, what is on its way. */
export class TypeState {
  readonly type: ConfigType;
  wildcard = false;
  readonly names = new Set<string>();
  readonly held = new Map<string, Held>();
  /** Names that we have said do not exist, so that it is said once. */
  readonly absent = new Set<string>();
  /** Refused content by name. */
  readonly withheld = new Map<string, { readonly version: string; readonly reason: string }>();
  readonly withheldRemovals = new Set<string>();
  /** Groups of names of which at least one was refused, to be tried group by group. */
  suspects: string[][] = [];
  pending: Pending | undefined;
  /** A response of this type has been sent, so the client knows that there is nothing more. */
  answered = false;
  /** Of the newest response of this type; requests with another one are about the past. */
  lastNonce = "";
  nacksInRow = 0;
  /** No response before this instant of the monotonic clock. */
  notBeforeMs = 0;
  /** Since when something waits for endpoints that the client has not asked for. */
  blockedSinceMs: number | undefined;
  /** The client has had all of this map, so only what differs from it, or has been touched since, is looked at. */
  #base: ReadonlyMap<string, ConfigResource> | undefined;
  readonly #touched = new Set<string>();

  constructor(type: ConfigType) {
    this.type = type;
  }

  wants(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }

  subscribe(name: string): void {
    if (name === "*") {
      this.wildcard = true;
      this.#base = undefined;
      return;
    }
    this.names.add(name);
    this.#touched.add(name);
  }

  unsubscribe(name: string): void {
    if (name !== "*") {
      this.names.delete(name);
      this.forget(name);
      return;
    }
    this.wildcard = false;
    for (const held of [...this.held.keys()]) if (!this.names.has(held)) this.forget(held);
  }

  /** Forgets what the client has of a name, so that it is sent (again) if it is still wanted. */
  forget(name: string): void {
    this.#touched.add(name);
    this.held.delete(name);
    this.absent.delete(name);
    this.withheld.delete(name);
  }

  /** The client has dropped what it had of a name; it is sent again if it is still wanted. */
  lose(name: string): void {
    this.#touched.add(name);
    this.held.delete(name);
  }

  /** Takes a name for gone without a word, where the protocol has no words for it. */
  markAbsent(name: string): void {
    this.#touched.add(name);
    this.held.delete(name);
    this.absent.add(name);
  }

  /** Old refusals say nothing about new content. */
  forgetRefusalsOutside(current: ReadonlyMap<string, ConfigResource>): void {
    this.withheldRemovals.clear();
    for (const name of [...this.withheld.keys()])
      if (!current.has(name)) this.withheld.delete(name);
  }

  /** What the client lacks of `current`, which costs as much as has changed, not as much as there is. */
  difference(current: ReadonlyMap<string, ConfigResource>): Difference {
    if (this.#base === current && this.#touched.size === 0) return NONE;
    const upserts: ConfigResource[] = [];
    const removals: string[] = [];
    let withheld = 0;
    for (const name of this.#candidates(current)) {
      const resource = current.get(name);
      if (resource === undefined) {
        if (this.withheldRemovals.has(name)) withheld++;
        else if (this.#mustSayGone(name)) removals.push(name);
        continue;
      }
      if (!this.wants(name) || this.held.get(name)?.version === resource.version) continue;
      if (this.withheld.get(name)?.version === resource.version) withheld++;
      else upserts.push(resource);
    }
    if (upserts.length + removals.length + withheld === 0) {
      this.#base = current;
      this.#touched.clear();
    }
    return { upserts, removals, withheld };
  }

  #candidates(current: ReadonlyMap<string, ConfigResource>): Iterable<string> {
    if (this.#base !== undefined)
      return new Set([...changedNames(this.#base, current), ...this.#touched]);
    return new Set([...(this.wildcard ? current.keys() : []), ...this.names, ...this.held.keys()]);
  }

  #mustSayGone(name: string): boolean {
    return this.held.has(name) || (this.names.has(name) && !this.absent.has(name));
  }

  accepted({ upserts, removed }: Pending): void {
    for (const resource of upserts) {
      const { name } = resource;
      if (!this.wants(name)) continue; // unsubscribed meanwhile
      this.#touched.add(name);
      this.held.set(name, resource);
      this.withheld.delete(name);
      this.absent.delete(name);
    }
    for (const name of removed) {
      this.#touched.add(name);
      this.held.delete(name);
      if (this.names.has(name)) this.absent.add(name);
    }
    this.nacksInRow = 0;
  }
}
