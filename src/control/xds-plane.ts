import { createCompiler } from "#compiler/compiler.ts";
import { contentHash } from "#compiler/content-hash.ts";
import { emptyWorld, type World, withChanges } from "#compiler/world.ts";
import type { Workload } from "#config/workload.ts";
import type { Clock } from "#core/clock.ts";
import { certificatesOfPem, encodePem } from "#core/spiffe/der/pem.ts";
import { kindKey } from "#resources/kind.ts";
import { workloadEntryKind } from "#resources/workload-entry/kind.ts";
import type { ControlViews } from "./debug-routes.ts";
import type { ObjectChange } from "./follow-store.ts";
import { ChangeLog } from "./liveness/convergence.ts";
import { LiveWorld } from "./liveness/live-world.ts";
import { Signal } from "./liveness/signal.ts";
import { waitForObjects } from "./liveness/wait-for-objects.ts";
import { waitUntilForgotten } from "./liveness/wait-until-forgotten.ts";
import type { MeshIdentity } from "./mesh-identity.ts";
import type { ObjectCache } from "./object-cache.ts";
import { type ProxyView, viewOf } from "./proxy-view.ts";
import { workloadProblem } from "./registration/check-workload.ts";
import type { Registrations } from "./registration/registrations.ts";
import { isManaged } from "./registration/workload-objects.ts";
import { ProxySessions } from "./sessions/proxy-sessions.ts";
import { pusherKey } from "./signals/golden-push.ts";
import { GoldenSignals } from "./signals/golden-signals.ts";
import { meshedWorkloads } from "./signals/meshed-workloads.ts";
import { SeenProtocolsByProxy } from "./signals/seen-protocols.ts";

export interface XdsPlaneOptions {
  readonly identity: MeshIdentity;
  readonly registrations: Pick<Registrations, "joined" | "left">;
  readonly cache: ObjectCache;
  readonly trustDomain: string;
  readonly clock: Clock;
}

export interface PlaneFacts {
  readonly version: string;
  readonly trustDomain: string;
  readonly rootExpiresAtMs: number;
}

const entryKind = kindKey(workloadEntryKind);
/** Longest that a proxy that leaves is kept waiting for others to acknowledge that. */
const FORGET_MS = 10_000;

/** From the world of now to every connected proxy, and what came back. */
export class XdsPlane {
  readonly sessions: ProxySessions;
  readonly signals: GoldenSignals;
  readonly seenProtocols = new SeenProtocolsByProxy();
  readonly startedAtMs: number;
  readonly #world: LiveWorld<World>;
  readonly #changes = new ChangeLog();
  readonly #progress = new Signal();
  readonly #clock: Clock;
  #told: () => void = () => undefined;

  constructor({ identity, registrations, cache, trustDomain, clock }: XdsPlaneOptions) {
    const compiler = createCompiler(contentHash);
    const roots = certificatesOfPem(identity.authority.rootsPem).map((der) =>
      encodePem("CERTIFICATE", der),
    );
    this.#clock = clock;
    this.startedAtMs = clock.wallMs();
    this.signals = new GoldenSignals(this.startedAtMs);
    this.#world = new LiveWorld(emptyWorld({ trustDomain, roots }), withWorldKeys);
    this.sessions = new ProxySessions(
      {
        compile: (workload) => compiler.snapshot(this.#world.world, workload),
        problem: (workload) =>
          workloadProblem(workload, cache.get(entryKind, workload.namespace, workload.name)),
        worldNumber: () => this.#world.number,
        joined: (workload) => registrations.joined(workload),
        left: (workload, nodeId, inGoodOrder) => {
          registrations.left(workload, inGoodOrder);
          this.signals.forget(pusherKey(workload, nodeId));
          this.seenProtocols.forget(pusherKey(workload, nodeId));
        },
        forgotten: (workload) =>
          waitUntilForgotten({
            isRegistered: () => this.#isRegistered(workload),
            isPresent: () => this.sessions.isPresent(workload),
            sessions: () => this.sessions.all(),
            progress: this.#progress,
            timeoutMs: FORGET_MS,
          }),
        progressed: () => {
          this.#progress.notify();
          this.#told();
        },
      },
      clock,
    );
  }

  /** Called whenever a proxy has answered or gone. */
  onProgress(callback: () => void): void {
    this.#told = callback;
  }

  /** Takes changes of objects in and wakes the streams of the proxies that they concern. */
  take(changes: readonly ObjectChange[]): void {
    if (this.#world.take(changes)) {
      this.sessions.worldChanged();
      this.#changes.note(this.#world.number, this.sessions.all());
    }
    this.#progress.notify();
  }

  /** By an entry of ours: one that a person wrote stays. */
  #isRegistered({ namespace, name }: Workload): boolean {
    const entry = this.#world.world.objects(entryKind).get(`${namespace}/${name}`);
    return entry !== undefined && isManaged(entry);
  }

  proxies(): readonly ProxyView[] {
    return this.sessions.all().map((session) => {
      const pusher = pusherKey(session.workload, session.nodeId);
      return viewOf(session, this.seenProtocols.of(pusher));
    });
  }

  views({ version, trustDomain, rootExpiresAtMs }: PlaneFacts): ControlViews {
    return {
      facts: () => ({
        version,
        trustDomain,
        startedAt: new Date(this.startedAtMs).toISOString(),
        rootExpiresAt: new Date(rootExpiresAtMs).toISOString(),
      }),
      proxies: () => this.proxies(),
      stat: (window, byCaller) => {
        const now = this.#clock.wallMs();
        const rows =
          window === "total"
            ? this.signals.totals(now, byCaller)
            : this.signals.rows(window, now, byCaller);
        const meshedOf = meshedWorkloads(this.#world.world);
        return rows.map((row) => ({ ...row, ...meshedOf(row) }));
      },
      wait: (objects, signal) =>
        waitForObjects({
          objects,
          signal,
          world: this.#world,
          changes: this.#changes,
          sessions: () => this.sessions.all(),
          progress: this.#progress,
        }),
    };
  }
}

/** The compiler names cluster-scoped objects by their bare name. */
function withWorldKeys(world: World, changes: readonly ObjectChange[]): World {
  return withChanges(
    world,
    changes.map(({ kind, key, object }) => ({
      kind,
      key: key.startsWith("/") ? key.slice(1) : key,
      object,
    })),
  );
}
