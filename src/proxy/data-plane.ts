import { randomFillSync } from "node:crypto";
import type { Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { serveHttp1 } from "#http/server/serve-http1.ts";
import { TimerWheel } from "#http/timer-wheel.ts";
import { turnEnded } from "#net/flush-turn.ts";
import { type ListenAddress, type Listener, listen } from "#net/listener.ts";
import type { Transport } from "#net/transport.ts";
import { TurnClock } from "#net/turn-clock.ts";
import { type AdminSubject, adminReply, metricsReply } from "./admin/admin-reply.ts";
import { answerAfter } from "./admin/answer-after.ts";
import { hostLoads, mergeVerdicts, type WorkerFacts } from "./admin/worker-facts.ts";
import { type CompiledConfig, ConfigCompiler, emptyConfig } from "./config/config-compiler.ts";
import { afterTimer } from "./detection/after-timer.ts";
import { type VerdictLine, Verdicts } from "./detection/verdicts.ts";
import type { IdentityStore } from "./identity/identity-store.ts";
import { TlsMaterial } from "./identity/tls-material.ts";
import { ignoredEvents } from "./ignored-events.ts";
import { connectionSettings } from "./limits/connection-settings.ts";
import { type ProxyLimits, proxyLimits } from "./limits/limit-table.ts";
import { Overload } from "./limits/overload.ts";
import { ListenerSet } from "./listener-set.ts";
import { secretCheck } from "./outbound/run-secret.ts";
import type { ProxyRuntime } from "./proxy-runtime.ts";
import { selfLabels } from "./self-labels.ts";
import { OpenConnections } from "./serve-connection.ts";
import { RequestServer } from "./serve-request.ts";
import { settleAfterLoad } from "./settle-memory.ts";
import { OpenTunnels } from "./tcp/open-tunnels.ts";
import { circuitFamilies } from "./telemetry/circuit-families.ts";
import { peerLineOf } from "./telemetry/inbound-series.ts";
import type { LineWriter } from "./telemetry/line-writer.ts";
import type { MetricFamily } from "./telemetry/metric-family.ts";
import { MetricsRegistry } from "./telemetry/metrics-registry.ts";
import { processStartTime } from "./telemetry/process-start-time.ts";
import { protocolsSeen } from "./telemetry/protocols-seen.ts";
import { RandomIds } from "./telemetry/random-ids.ts";
import { RecordIds } from "./telemetry/record-ids.ts";
import { sumFamilies } from "./telemetry/sum-families.ts";
import { workerFamilies } from "./telemetry/worker-families.ts";
import { ClusterSet } from "./upstream/cluster-set.ts";
import type { DialSurroundings } from "./upstream/dial.ts";
import { httpDialler, isLeft } from "./upstream/http-dialler.ts";
import { resolveByHost } from "./upstream/resolve-by-host.ts";
import { type Resolve, ResolvedNames } from "./upstream/resolved-names.ts";
import type { Coworkers } from "./workers/coworkers.ts";
import type { Followers } from "./workers/followers.ts";

export interface DataPlaneOptions {
  readonly workload: Workload;
  readonly identity: IdentityStore;
  readonly secret: string;
  /** By listener name, and `admin` and `metrics`. */
  readonly sockets: ReadonlyMap<string, ListenAddress>;
  readonly accessLog: LineWriter | undefined;
  readonly clock: Clock;
  /** [0, 1) */
  readonly random: () => number;
  readonly log: Log;
  readonly peerUid: (transport: Transport) => number | undefined;
  readonly ownUid: number;
  readonly resolve?: Resolve;
  readonly notReadyBecause: () => string | undefined;
  /** Default: those of the table. */
  readonly limits?: ProxyLimits;
  /** Resident memory of this process; default: as the system says. */
  readonly usedBytes?: () => number;
  /** Present when this process is one of several workers. */
  readonly coworkers?: Coworkers | undefined;
  /** Present in the one that leads them: it answers for all. */
  readonly followers?: Followers | undefined;
}

/** What a proxy refuses to run, in words that go back to the control plane. */
export type ApplyResult =
  | { readonly kind: "applied" }
  | { readonly kind: "refused"; readonly reason: string };

const SWEEP_MS = 1_000;
/** As long as clients usually keep an idle connection, and longer than our own would use one for what cannot be repeated. */
const RETIRE_IDLE_MS = 5_000;

/** Everything of a proxy that carries traffic: runs whatever snapshot it is given, knows nothing of where that comes from. */
export class DataPlane {
  readonly metrics: MetricsRegistry;
  readonly clusters: ClusterSet;
  readonly tls: TlsMaterial;
  readonly #options: DataPlaneOptions;
  readonly #compiler = new ConfigCompiler();
  readonly #connections = new OpenConnections();
  readonly #tunnels: OpenTunnels;
  readonly #verdicts = new Verdicts();
  readonly #listeners: ListenerSet;
  readonly #timers: TimerWheel;
  readonly #limits: ProxyLimits;
  readonly #overload: Overload;
  readonly #sweeping: ReturnType<typeof setInterval>;
  readonly #extra: Promise<Listener>[] = [];
  readonly #startedAtMs: number;
  #config: CompiledConfig = emptyConfig;
  /** What the other workers answered last. */
  #othersFacts: readonly WorkerFacts[] = [];

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    const { random, identity, workload, coworkers } = options;
    const clock = new TurnClock(options.clock);
    this.#startedAtMs = coworkers?.series.beganAtMs ?? clock.wallMs();
    this.metrics = new MetricsRegistry(undefined, coworkers?.series);
    this.tls = new TlsMaterial(identity, () => clock.wallMs());
    this.#timers = new TimerWheel(() => clock.monotonicMs());
    this.#tunnels = new OpenTunnels(clock);
    const { limits = proxyLimits() } = options;
    this.#limits = limits;
    const settings = connectionSettings(limits);
    this.#overload = new Overload({
      limits,
      usedBytes: options.usedBytes ?? (() => process.memoryUsage.rss()),
      onKeepAlive: (isAllowed) => this.#connections.keepAlive(isAllowed),
      relieve: settleAfterLoad,
      log: options.log,
    });
    const names = new ResolvedNames(options.resolve ?? resolveByHost, () => clock.monotonicMs());
    const dialling: DialSurroundings = {
      lookup: names.lookup,
      identity: () => this.tls.dialIdentity(),
      wallMs: () => clock.wallMs(),
    };
    const self = selfLabels(workload, options.identity.id);
    this.clusters = new ClusterSet({
      nowMs: () => clock.monotonicMs(),
      random,
      hasPendingInput: isLeft,
      metrics: this.metrics,
      self,
      diallerFor: (clusterOf) => httpDialler(dialling, clusterOf, settings),
      names,
      ...(coworkers && { share: (name) => coworkers.share(name) }),
    });
    coworkers?.onStir((cluster) => this.clusters.get(cluster)?.usage.stir());
    const runtime: ProxyRuntime = {
      clusters: this.clusters,
      timers: this.#timers,
      clock,
      random,
      ids: new RandomIds((bytes) => randomFillSync(bytes)),
      metrics: this.metrics,
      accessLog: options.accessLog,
      log: options.log,
      self,
      peerLine: peerLineOf(self),
      settings,
      overload: this.#overload,
      records: new RecordIds(random),
    };
    this.#listeners = this.#makeListeners(runtime, dialling);
    this.#sweeping = setInterval(() => this.clusters.sweep(), SWEEP_MS);
    this.#sweeping.unref();
  }

  get snapshot(): Snapshot {
    return this.#config.snapshot;
  }

  /** All of the snapshot or nothing of it. */
  apply(snapshot: Snapshot): ApplyResult {
    const compiled = this.#compiler.compile(snapshot);
    if (compiled.kind === "refused") return compiled;
    try {
      this.#applyRoots(snapshot);
    } catch (cause) {
      return {
        kind: "refused",
        reason: `secret ROOTCA: ${cause instanceof Error ? cause.message : cause}`,
      };
    }
    this.#config = compiled.config;
    this.clusters.apply(snapshot); // before the routes that point to them
    this.#listeners.apply(compiled.config);
    return { kind: "applied" };
  }

  /** Resolves when every listener of the configuration accepts. */
  listening(): Promise<void> {
    return this.#listeners.opened();
  }

  /** Opens the admin and metrics addresses for which there are sockets. */
  async serveAdmin(): Promise<void> {
    const subject = this.#adminSubject();
    for (const name of ["admin", "metrics"] as const) {
      const address = this.#options.sockets.get(name);
      if (address === undefined) continue;
      const opening = listen({
        address,
        mode: "plain",
        onConnection: (transport) => {
          serveHttp1(transport, (exchange) => {
            const { request } = exchange;
            const answer = () =>
              exchange.reply(
                name === "admin"
                  ? adminReply(subject, request, true)
                  : metricsReply(subject, request),
              );
            if (this.#options.followers !== undefined)
              return answerAfter(this.#askOthers(), answer);
            answer();
            return ignoredEvents;
          });
        },
      });
      this.#extra.push(opening);
      await opening;
    }
  }

  /** What was seen to be spoken where nobody said it; by other workers as of a moment ago. */
  verdicts(): readonly VerdictLine[] {
    const own = this.#verdicts.lines();
    if (this.#othersFacts.length === 0) return own;
    return mergeVerdicts([own, ...this.#othersFacts.map(({ verdicts }) => verdicts)]);
  }

  /** What this process knows of itself alone. */
  facts(): WorkerFacts {
    const listeners = this.#listeners.lines().map(({ name, connections }) => [name, connections]);
    return {
      hosts: hostLoads(this.clusters.all),
      listeners: Object.fromEntries(listeners),
      verdicts: this.#verdicts.lines(),
      families: this.#overload.metrics(),
    };
  }

  /** Golden signals for the control plane, with the moment at which counting began. */
  goldenSignals(): readonly MetricFamily[] {
    void this.#askOthers();
    return [
      ...this.metrics.goldenSignals(),
      protocolsSeen(this.verdicts()),
      processStartTime(this.#startedAtMs),
    ];
  }

  /** Turns new connections away, lets requests under way finish, closes what is left at the deadline. */
  async drain(deadlineMs: number): Promise<void> {
    this.#connections.drain(0);
    await this.#listeners.drained(deadlineMs);
    await this.close();
  }

  /**
   * As `drain`, for a process whose listening sockets another one serves by now: callers still have connections to this one
   * and are told to make new ones, so nothing that a request may be on its way on is closed.
   */
  async retire(deadlineMs: number): Promise<void> {
    for (const opening of this.#extra) (await opening).close();
    this.#connections.drain(RETIRE_IDLE_MS);
    await this.#listeners.drained(deadlineMs);
    await this.close();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    this.#overload[Symbol.dispose]();
    this.#connections.destroy();
    await this.#listeners.drained(0);
    for (const opening of this.#extra) await (await opening).drained(0);
    this.clusters.close();
    this.#tunnels[Symbol.dispose]();
    this.#timers[Symbol.dispose]();
    await turnEnded(); // requests that ended just now are written down
  }

  async #askOthers(): Promise<void> {
    const answers = await this.#options.followers?.ask("facts");
    if (answers !== undefined) this.#othersFacts = [...answers.values()];
  }

  #applyRoots(snapshot: Snapshot): void {
    const bundle = snapshot.secret.get("ROOTCA")?.value;
    if (bundle !== undefined) this.#options.identity.setRoots(bundle.roots);
  }

  #makeListeners(runtime: ProxyRuntime, dialling: DialSurroundings): ListenerSet {
    const { secret, peerUid, ownUid, identity, sockets, log, coworkers } = this.#options;
    const server = new RequestServer(runtime);
    const common = {
      runtime,
      server,
      connections: this.#connections,
      dialling,
      tunnels: this.#tunnels,
      verdicts: this.#verdicts,
      after: afterTimer,
    };
    return new ListenerSet({
      outbound: { ...common, checkSecret: secretCheck(secret), peerUid, ownUid },
      inbound: { ...common, ownId: identity.id },
      tls: this.tls,
      sockets,
      limits: this.#limits,
      overload: this.#overload,
      log,
      ...(coworkers && { onAccepted: () => coworkers.series.accepted() }),
    });
  }

  #adminSubject(): AdminSubject {
    const { identity, notReadyBecause, clock } = this.#options;
    return {
      notReadyBecause,
      snapshot: () => this.snapshot,
      clusters: () => this.clusters.every(),
      verdicts: () => this.verdicts(),
      listeners: () => this.#listeners.lines(),
      others: () => this.#othersFacts,
      metrics: () => [
        ...this.metrics.families(),
        ...this.#ownFamilies(),
        protocolsSeen(this.verdicts()),
        ...circuitFamilies(this.clusters.all),
        ...workerFamilies(this.#options.coworkers?.series.counts() ?? []),
        processStartTime(this.#startedAtMs),
      ],
      identity: () => identity.held,
      rootsPem: () => identity.rootsPem,
      wallMs: () => clock.wallMs(),
    };
  }

  /** What each process counts for itself. */
  #ownFamilies(): readonly MetricFamily[] {
    const own = this.#overload.metrics();
    if (this.#othersFacts.length === 0) return own;
    return sumFamilies([own, ...this.#othersFacts.map(({ families }) => families)]);
  }
}
