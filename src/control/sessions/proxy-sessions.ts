import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import type { Clock } from "#core/clock.ts";
import type {
  ConfigFeed,
  ConfigSource,
  ConnectingProxy,
  Refused,
  SyncEvent,
} from "#xds/server/config-source.ts";
import type { PeerIdentity } from "#xds/server/peer-identity.ts";
import { nameProblem, type WorkloadProblem } from "../registration/check-workload.ts";
import { RouteHold } from "./hold-routes.ts";
import { sameSnapshot } from "./same-snapshot.ts";
import { SyncTable } from "./sync-table.ts";

/** One configuration stream of one proxy. */
export interface ProxySession {
  readonly id: number;
  readonly nodeId: string;
  readonly workload: Workload;
  readonly address: string;
  readonly connectedAtMs: number;
  readonly sync: SyncTable;
  /** The configuration that it should run, and the number of the world that last changed it. */
  readonly snapshot: Snapshot;
  readonly changedAt: number;
  /** The newest world number whose configuration it has acknowledged whole. */
  readonly syncedThrough: number;
  readonly nacked: string | undefined;
}

/** What the sessions need from the rest of the control plane. */
export interface SessionHooks {
  /** The configuration of one workload in the world of now. */
  compile(workload: Workload): Snapshot;
  /** Why a proxy may not stand for this workload; undefined: it may. */
  problem(workload: Workload): WorkloadProblem | undefined;
  /** The number of the world of now. */
  worldNumber(): number;
  /** Called when the first stream of a workload opens and when its last one ends, in good order or by accident. */
  joined(workload: Workload, nodeId: string): void;
  left(workload: Workload, nodeId: string, inGoodOrder: boolean): void;
  /** Resolves when no proxy is told to call the workload any more, or after some seconds. */
  forgotten(workload: Workload): Promise<void>;
  /** Something that people may wait for has happened. */
  progressed(): void;
}

const maxSessions = 10_000;

/** Every connected proxy: gives each its configuration and keeps what it has acknowledged. */
export class ProxySessions implements ConfigSource {
  readonly #sessions = new Map<number, Session>();
  readonly #hooks: SessionHooks;
  readonly #clock: Clock;
  #nextId = 1;

  constructor(hooks: SessionHooks, clock: Clock) {
    this.#hooks = hooks;
    this.#clock = clock;
  }

  open(proxy: ConnectingProxy): ConfigFeed | Refused {
    const { workload } = proxy;
    if (!workload) {
      const reason = "the node metadata names no workload (key WEFT_WORKLOAD is missing)";
      return { kind: "refused", code: "invalid-argument", reason };
    }
    if (this.#sessions.size >= maxSessions) {
      const reason = `this control plane already serves ${maxSessions} proxies`;
      return { kind: "refused", code: "resource-exhausted", reason };
    }
    const problem = this.#hooks.problem(workload) ?? this.#takenBy(workload);
    if (problem) return { kind: "refused", ...problem };
    const session = new Session(this.#nextId++, proxy, workload, this.#clock, this.#hooks);
    this.#sessions.set(session.id, session);
    if (this.#streamsOf(workload).length === 1) this.#hooks.joined(workload, proxy.nodeId);
    session.refresh(this.#hooks.compile(workload), this.#hooks.worldNumber());
    return session.feed(() => this.#end(session));
  }

  /** Compiles for every proxy and wakes the streams of those whose configuration changed. Returns how many did. */
  worldChanged(): number {
    const number = this.#hooks.worldNumber();
    let changed = 0;
    for (const session of this.#sessions.values())
      if (session.refresh(this.#hooks.compile(session.workload), number)) changed += 1;
    return changed;
  }

  /** Whether this account has a configuration stream under this node id. */
  has({ namespace, serviceAccount }: PeerIdentity, nodeId: string): boolean {
    for (const { workload, nodeId: own } of this.#sessions.values())
      if (
        own === nodeId &&
        workload.namespace === namespace &&
        workload.serviceAccount === serviceAccount
      )
        return true;
    return false;
  }

  /** Whether the workload has any stream. */
  isPresent(workload: Workload): boolean {
    return this.#streamsOf(workload).length > 0;
  }

  all(): readonly ProxySession[] {
    return [...this.#sessions.values()];
  }

  #streamsOf(workload: Workload): readonly Session[] {
    return [...this.#sessions.values()].filter(
      ({ workload: other }) =>
        other.namespace === workload.namespace && other.name === workload.name,
    );
  }

  /** Of two that come at the same moment, before either is registered. */
  #takenBy(workload: Workload): WorkloadProblem | undefined {
    const [other] = this.#streamsOf(workload);
    return other && nameProblem(workload, other.workload.serviceAccount);
  }

  #end(session: Session): void {
    if (!this.#sessions.delete(session.id)) return;
    if (this.#streamsOf(session.workload).length === 0)
      this.#hooks.left(session.workload, session.nodeId, session.isLeaving);
    this.#hooks.progressed();
  }
}

class Session implements ProxySession {
  readonly id: number;
  readonly nodeId: string;
  readonly workload: Workload;
  readonly address: string;
  readonly connectedAtMs: number;
  readonly sync = new SyncTable();
  snapshot: Snapshot = emptySnapshot;
  changedAt = 0;
  syncedThrough = 0;
  nacked: string | undefined;
  isLeaving = false;
  readonly #hooks: SessionHooks;
  /** Which world each handed-out snapshot was of, so that an acknowledgement counts for that world. */
  readonly #numbers = new WeakMap<Snapshot, number>();
  readonly #hold = new RouteHold();
  readonly #clock: Clock;
  #lookAgain: Timer | undefined;
  #wake: (() => void) | undefined;

  constructor(
    id: number,
    proxy: ConnectingProxy,
    workload: Workload,
    clock: Clock,
    hooks: SessionHooks,
  ) {
    this.#clock = clock;
    this.id = id;
    this.nodeId = proxy.nodeId;
    this.workload = workload;
    this.address = proxy.address;
    this.connectedAtMs = clock.wallMs();
    this.#hooks = hooks;
  }

  refresh(wanted: Snapshot, number: number): boolean {
    const now = this.#clock.monotonicMs();
    const { snapshot: next, lookAgainMs } = this.#hold.apply(this.snapshot, wanted, now);
    clearTimeout(this.#lookAgain);
    if (lookAgainMs !== undefined) {
      // Whoever waits for this change waits for the routes that are held back, too.
      this.changedAt = number;
      this.#lookAgain = setTimeout(() => this.refresh(wanted, number), lookAgainMs - now);
    }
    if (sameSnapshot(this.snapshot, next)) return lookAgainMs !== undefined;
    this.snapshot = next;
    this.changedAt = number;
    this.#numbers.set(next, lookAgainMs === undefined ? number : number - 1);
    this.#wake?.();
    return true;
  }

  feed(closed: () => void): ConfigFeed {
    const end = () => {
      clearTimeout(this.#lookAgain);
      closed();
    };
    return {
      snapshot: () => this.snapshot,
      onChange: (callback) => {
        this.#wake = callback;
      },
      leaving: () => {
        this.isLeaving = true;
        return this.#hooks.forgotten(this.workload);
      },
      report: (event) => this.#report(event),
      [Symbol.dispose]: end,
    };
  }

  #report(event: SyncEvent): void {
    this.sync.observe(event);
    if (event.kind === "nacked") this.nacked = event.reason;
    if (event.kind === "synced") {
      this.nacked = undefined;
      this.syncedThrough = Math.max(this.syncedThrough, this.#numbers.get(event.snapshot) ?? 0);
    }
    if (event.kind !== "sent") this.#hooks.progressed();
  }
}
