import type { ConfigResource, ConfigType, Snapshot } from "#config/snapshot.ts";

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
  /** The client has all of this map (compared by identity), so that an unchanged type costs nothing. */
  #settledOn: ReadonlyMap<string, ConfigResource> | undefined;

  constructor(type: ConfigType) {
    this.type = type;
  }

  wants(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }

  subscribe(name: string): void {
    this.#settledOn = undefined;
    if (name === "*") this.wildcard = true;
    else this.names.add(name);
  }

  unsubscribe(name: string): void {
    this.#settledOn = undefined;
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
    this.#settledOn = undefined;
    this.held.delete(name);
    this.absent.delete(name);
    this.withheld.delete(name);
  }

  /** Old refusals say nothing about new content. */
  forgetRefusalsOutside(current: ReadonlyMap<string, ConfigResource>): void {
    this.withheldRemovals.clear();
    for (const name of [...this.withheld.keys()])
      if (!current.has(name)) this.withheld.delete(name);
  }

  difference(current: ReadonlyMap<string, ConfigResource>): Difference {
    if (this.#settledOn === current) return NONE;
    const difference = this.#compare(current);
    const { upserts, removals, withheld } = difference;
    if (upserts.length + removals.length + withheld === 0) this.#settledOn = current;
    return difference;
  }

  #compare(current: ReadonlyMap<string, ConfigResource>): Difference {
    const upserts: ConfigResource[] = [];
    let withheld = 0;
    const look = (resource: ConfigResource): void => {
      const { name, version } = resource;
      if (this.held.get(name)?.version === version) return;
      if (this.withheld.get(name)?.version === version) withheld++;
      else upserts.push(resource);
    };
    if (this.wildcard) for (const resource of current.values()) look(resource);
    else
      for (const name of this.names) {
        const resource = current.get(name);
        if (resource) look(resource);
      }
    const removals = this.#removals(current);
    return { upserts, removals, withheld: withheld + this.withheldRemovals.size };
  }

  #removals(current: ReadonlyMap<string, ConfigResource>): readonly string[] {
    const gone = [...this.held.keys()].filter(
      (name) => !current.has(name) && !this.withheldRemovals.has(name),
    );
    for (const name of this.names)
      if (!current.has(name) && !this.held.has(name) && !this.absent.has(name)) gone.push(name);
    return gone;
  }

  accepted({ upserts, removed }: Pending): void {
    this.#settledOn = undefined;
    for (const resource of upserts) {
      if (!this.wants(resource.name)) continue; // unsubscribed meanwhile
      this.held.set(resource.name, resource);
      this.withheld.delete(resource.name);
      this.absent.delete(resource.name);
    }
    for (const name of removed) {
      this.held.delete(name);
      if (this.names.has(name)) this.absent.add(name);
    }
    this.nacksInRow = 0;
  }
}
