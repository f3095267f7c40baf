// One client's configuration stream as a state machine without sockets: requests and snapshots go in, responses come
// out one at a time, at most one unacknowledged per type. Whatever changes meanwhile is coalesced: only the newest
// snapshot is ever compared with what the client has.
//
//   cluster ──acked──▶ endpoints ──acked──▶ listener, route, virtual-host      (what is pointed at comes first)
//   listener, route, virtual-host ──acked──▶ cluster, endpoints removed        (and goes last)
import {
  type ConfigResource,
  type ConfigType,
  configTypes,
  type Snapshot,
} from "#config/snapshot.ts";
import type { SyncEvent } from "../server/config-source.ts";
import { EndpointRepeats } from "./endpoint-repeats.ts";
import { findCulprits } from "./find-culprits.ts";
import { clustersOf } from "./references.ts";
import { type Difference, type Pending, TypeState } from "./type-state.ts";

/** One response to send. `whole` is everything of the type that the client will have then. */
export interface Push extends Pending {
  readonly type: ConfigType;
  whole(): readonly ConfigResource[];
}

export interface ConversationOptions {
  /** State of the world cannot say that a route or an endpoint set is gone, and sends listeners and clusters whole. */
  readonly protocol: "delta" | "state-of-the-world";
  /** The client subscribes to every type, so nothing is sent before it has. */
  readonly complete: boolean;
  /** What of the snapshot this client sees. */
  readonly view: (snapshot: Snapshot) => Snapshot;
  /** Encoded size; throws what makes the resource impossible to send. */
  readonly sizeOf: (resource: ConfigResource) => number;
  readonly report: (event: SyncEvent) => void;
}

/** A delta response is cut here, so that one slow reader costs little memory. */
const RESPONSE_TARGET_BYTES = 4 * 1024 * 1024;
/** gRPC messages end here (with room for the envelope). */
export const RESOURCE_MAX_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** A route waits this long for endpoints that its client has not asked for. */
const UNASKED_ENDPOINTS_WAIT_MS = 5_000;
const NACKS_WITHOUT_DELAY = 3;
const NACK_DELAY_BASE_MS = 100;
const NACK_DELAY_MAX_MS = 30_000;

const POINTING: readonly ConfigType[] = ["listener", "route", "virtual-host"];
/** A removal of the first waits until these have nothing left to send. */
const REMOVED_AFTER: Readonly<Record<ConfigType, readonly ConfigType[]>> = {
  listener: [],
  "virtual-host": [],
  route: ["listener"],
  cluster: POINTING,
  endpoints: [...POINTING, "cluster"],
  secret: ["listener", "cluster"],
};
/** A client of ours subscribes to these at once; to endpoints when it has clusters. */
const COMPLETE: readonly ConfigType[] = [...POINTING, "cluster", "secret"];

export class ConfigConversation {
  readonly #options: ConversationOptions;
  readonly #states = new Map<ConfigType, TypeState>();
  #snapshot: Snapshot;
  #view: Snapshot;
  #synced: Snapshot | undefined;
  readonly #repeats = new EndpointRepeats();
  #nonces = 0;
  #wakeAtMs: number | undefined;

  constructor(snapshot: Snapshot, options: ConversationOptions) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#view = options.view(snapshot);
  }

  /** The newest configuration; whatever was offered before and not yet sent is forgotten. */
  offer(snapshot: Snapshot): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    this.#view = this.#options.view(snapshot);
    for (const [type, state] of this.#states) state.forgetRefusalsOutside(this.#view[type]);
  }

  /** The state of a type, made when it is first asked for. */
  typeState(type: ConfigType): TypeState {
    const existing = this.#states.get(type);
    if (existing) return existing;
    const state = new TypeState(type);
    this.#states.set(type, state);
    return state;
  }

  isSubscribed(type: ConfigType): boolean {
    return this.#states.has(type);
  }

  /** False for a nonce that is not the one we wait for. */
  acknowledge(type: ConfigType, nonce: string): boolean {
    const state = this.#states.get(type);
    const pending = state?.pending;
    if (state === undefined || pending?.nonce !== nonce) return false;
    state.pending = undefined;
    state.accepted(pending);
    this.#options.report({ kind: "acked", type, nonce, snapshot: pending.snapshot });
    return true;
  }

  /** The client keeps what it had. Only what is at fault is withheld; the rest is sent again. */
  reject(type: ConfigType, nonce: string, reason: string, nowMs: number): boolean {
    const state = this.#states.get(type);
    const pending = state?.pending;
    if (state === undefined || pending?.nonce !== nonce) return false;
    state.pending = undefined;
    const culprits = this.#blame(state, pending, reason);
    const nacked = { kind: "nacked", type, nonce, snapshot: pending.snapshot, reason } as const;
    if (culprits.length === 0) this.#options.report(nacked);
    for (const resource of culprits) this.#options.report({ ...nacked, resource });
    state.nacksInRow++;
    const delays = state.nacksInRow - NACKS_WITHOUT_DELAY;
    if (delays > 0)
      state.notBeforeMs =
        nowMs + Math.min(NACK_DELAY_MAX_MS, NACK_DELAY_BASE_MS * 2 ** Math.min(delays - 1, 20));
    return true;
  }

  /** Withholds what is named or alone; else arranges that the fault is found by halves. Returns names withheld. */
  #blame(state: TypeState, { upserts, removed }: Pending, reason: string): readonly string[] {
    const [group] = state.suspects;
    if (group && upserts.every(({ name }) => group.includes(name))) state.suspects.shift();
    if (upserts.length === 0) {
      for (const name of removed) state.withheldRemovals.add(name);
      return removed;
    }
    const culprits = findCulprits(upserts, reason);
    for (const { name, version } of culprits) state.withheld.set(name, { version, reason });
    if (culprits.length === 0) {
      const names = upserts.map(({ name }) => name);
      const half = Math.ceil(names.length / 2);
      state.suspects.unshift(names.slice(0, half), names.slice(half));
    }
    return culprits.map(({ name }) => name);
  }

  /** When `next` may have something although nothing happened; undefined: only after an event. */
  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** The next response, which counts as sent; undefined when there is nothing to send now. */
  next(nowMs: number): Push | undefined {
    this.#wakeAtMs = undefined;
    this.#repeats.applyTo(this.#states.get("endpoints"));
    const differences = new Map<ConfigType, Difference>();
    for (const [type, state] of this.#states)
      differences.set(type, state.difference(this.#view[type]));
    for (const type of configTypes) {
      const push = this.#nextOf(type, differences, nowMs);
      if (push) return push;
    }
    this.#reportIfSynced(differences);
    return undefined;
  }

  #nextOf(
    type: ConfigType,
    differences: ReadonlyMap<ConfigType, Difference>,
    nowMs: number,
  ): Push | undefined {
    const state = this.#states.get(type);
    const difference = differences.get(type);
    if (!state || !difference || state.pending) return undefined;
    if (state.notBeforeMs > nowMs) {
      this.#wakeAt(state.notBeforeMs);
      return undefined;
    }
    const ready = this.#ready(state, difference.upserts, nowMs);
    const upserts = this.#fit(state, this.#oneSuspectGroup(state, ready));
    const mayRemove = difference.removals.length === 0 || this.#mayRemove(type, differences);
    const removed = mayRemove ? this.#sayable(state, difference) : [];
    const isWhole = mayRemove && upserts.length === difference.upserts.length;
    if (upserts.length + removed.length === 0 && (state.answered || !isWhole)) return undefined;
    return this.#send(state, upserts, removed);
  }

  #send(state: TypeState, upserts: readonly ConfigResource[], removed: readonly string[]): Push {
    const { type } = state;
    const nonce = String(++this.#nonces);
    state.answered = true;
    state.lastNonce = nonce;
    state.pending = { nonce, snapshot: this.#snapshot, upserts, removed };
    if (!this.#options.complete) this.#repeats.sent(type, state.pending);
    const versions = new Map(upserts.map(({ name, version }) => [name, version]));
    this.#options.report({
      kind: "sent",
      type,
      nonce,
      snapshot: this.#snapshot,
      versions,
      removed,
    });
    return { ...state.pending, type, whole: () => wholeAfter(state, upserts, removed) };
  }

  /** State of the world has no words for "this route is gone": then only our own record changes. */
  #sayable(state: TypeState, { removals }: Difference): readonly string[] {
    const { type } = state;
    if (this.#options.protocol === "delta") return removals;
    const isWhole = type === "listener" || type === "cluster";
    if (isWhole && removals.some((name) => state.held.has(name))) return removals;
    for (const name of removals) state.markAbsent(name);
    return [];
  }

  #mayRemove(type: ConfigType, differences: ReadonlyMap<ConfigType, Difference>): boolean {
    return REMOVED_AFTER[type].every((after) => {
      const state = this.#states.get(after);
      if (!state) return !(this.#options.complete && COMPLETE.includes(after));
      const difference = differences.get(after);
      return (
        state.pending === undefined &&
        difference !== undefined &&
        difference.upserts.length + difference.removals.length + difference.withheld === 0
      );
    });
  }

  /** Holds what points at a cluster until the client has the cluster and its endpoints. */
  #ready(
    state: TypeState,
    upserts: readonly ConfigResource[],
    nowMs: number,
  ): readonly ConfigResource[] {
    if (!POINTING.includes(state.type)) return upserts;
    const clusters = this.#states.get("cluster");
    if (!clusters) return this.#options.complete ? [] : upserts;
    if (!clusters.wildcard) return upserts; // it asks for routes first and for what they name next
    let unasked = false;
    const ready = upserts.filter((resource) =>
      clustersOf(resource).every((name) => {
        const hold = this.#holdFor(clusters, name);
        if (hold === "unasked-endpoints") unasked = true;
        return hold === undefined || (hold === "unasked-endpoints" && this.#waited(state, nowMs));
      }),
    );
    if (!unasked) state.blockedSinceMs = undefined;
    return ready;
  }

  #holdFor(
    clusters: TypeState,
    name: string,
  ): "cluster" | "endpoints" | "unasked-endpoints" | undefined {
    const cluster = this.#view.cluster.get(name);
    if (!cluster) return undefined; // nothing to wait for: the client answers for it
    if (!clusters.held.has(name)) return "cluster";
    const { discovery } = cluster.value;
    if (discovery.kind !== "eds" || !this.#view.endpoints.has(discovery.name)) return undefined;
    const endpoints = this.#states.get("endpoints");
    if (!endpoints?.wants(discovery.name)) return "unasked-endpoints";
    return endpoints.held.has(discovery.name) ? undefined : "endpoints";
  }

  #waited(state: TypeState, nowMs: number): boolean {
    state.blockedSinceMs ??= nowMs;
    const until = state.blockedSinceMs + UNASKED_ENDPOINTS_WAIT_MS;
    if (nowMs >= until) return true;
    this.#wakeAt(until);
    return false;
  }

  #oneSuspectGroup(
    state: TypeState,
    upserts: readonly ConfigResource[],
  ): readonly ConfigResource[] {
    for (;;) {
      const [group] = state.suspects;
      if (!group) return upserts;
      const names = new Set(group);
      const still = upserts.filter(({ name }) => names.has(name));
      if (still.length > 0) return still;
      state.suspects.shift(); // accepted, changed back or gone
    }
  }

  /** As many as one response takes; withholds what none can carry. */
  #fit(state: TypeState, upserts: readonly ConfigResource[]): readonly ConfigResource[] {
    const fitting: ConfigResource[] = [];
    let bytes = 0;
    for (const resource of upserts) {
      const size = this.#sizeOrWithhold(state, resource);
      if (size === undefined) continue;
      const full = fitting.length > 0 && bytes + size > RESPONSE_TARGET_BYTES;
      if (full && this.#options.protocol === "delta") break;
      bytes += size;
      fitting.push(resource);
    }
    return fitting;
  }

  #sizeOrWithhold(state: TypeState, resource: ConfigResource): number | undefined {
    let reason: string;
    try {
      const size = this.#options.sizeOf(resource);
      if (size <= RESOURCE_MAX_BYTES) return size;
      reason = `${resource.type} "${resource.name}" is ${size} bytes, more than one message can carry`;
    } catch (cause) {
      reason = cause instanceof Error ? cause.message : String(cause);
    }
    const { type, name, version } = resource;
    state.withheld.set(name, { version, reason });
    const snapshot = this.#snapshot;
    this.#options.report({ kind: "nacked", type, nonce: "", snapshot, resource: name, reason });
    return undefined;
  }

  #wakeAt(atMs: number): void {
    this.#wakeAtMs = Math.min(this.#wakeAtMs ?? atMs, atMs);
  }

  #reportIfSynced(differences: ReadonlyMap<ConfigType, Difference>): void {
    if (this.#synced === this.#snapshot || this.#states.size === 0) return;
    if (this.#options.complete && !COMPLETE.every((type) => this.#states.has(type))) return;
    for (const [type, state] of this.#states) {
      const { upserts, removals, withheld } = differences.get(type) ?? NOTHING;
      if (state.pending || !state.answered) return;
      if (upserts.length + removals.length + withheld > 0) return;
    }
    this.#synced = this.#snapshot;
    this.#options.report({ kind: "synced", snapshot: this.#snapshot });
  }
}

const NOTHING: Difference = { upserts: [], removals: [], withheld: 0 };

function wholeAfter(
  state: TypeState,
  upserts: readonly ConfigResource[],
  removed: readonly string[],
): readonly ConfigResource[] {
  const whole = new Map<string, ConfigResource>();
  for (const [name, held] of state.held) if (held.type !== undefined) whole.set(name, held);
  for (const name of removed) whole.delete(name);
  for (const resource of upserts) whole.set(resource.name, resource);
  return [...whole.values()];
}
