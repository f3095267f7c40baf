// The life of a proxy: what it kept from last time, an identity, the control plane's configuration, then traffic until it
// is told to stop. It serves from what it kept when the control plane does not answer.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import type { Transport } from "#net/transport.ts";
import { openConfigStream } from "#xds/client/config-stream.ts";
import type {
  ConfigStream,
  ConfigStreamState,
  ConfigUpdate,
  Verdict,
} from "#xds/client/config-stream-options.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import { XdsError } from "#xds/xds-error.ts";
import type { Bootstrap, ProxyEvent } from "./bootstrap.ts";
import { checkRegex } from "./config/check-regex.ts";
import { KeptConfig } from "./config/kept-config.ts";
import { resourcesOf, snapshotOf } from "./config/last-good.ts";
import { rehearseLater } from "./config/rehearse-later.ts";
import {
  type ControlPlaneLinkOptions,
  certificateRequester,
  connectorTo,
} from "./control-plane/control-plane-link.ts";
import { startMetricsPush } from "./control-plane/metrics-push.ts";
import { DataPlane } from "./data-plane.ts";
import { enrol } from "./identity/enrol.ts";
import { IdentityStore } from "./identity/identity-store.ts";
import { inheritedSockets } from "./inherited-sockets.ts";
import { processLimits } from "./limits/process-limits.ts";
import { nodeIdOf } from "./node-id.ts";
import type { ParentLink } from "./parent-link.ts";
import { type LineWriter, openLineWriter } from "./telemetry/line-writer.ts";
import type { Coworkers } from "./workers/coworkers.ts";
import { coworkersOf } from "./workers/coworkers-of.ts";
import { Followers } from "./workers/followers.ts";

export interface ProxyOptions {
  readonly bootstrap: Bootstrap;
  readonly clock: Clock;
  /** [0, 1) */
  readonly random: () => number;
  readonly log: Log;
  /** Who made a loopback connection; undefined when that cannot be told. */
  readonly peerUid: (transport: Transport) => number | undefined;
  /** Whose connections the unguarded loopback ports accept. */
  readonly ownUid: number;
  /** To the process that started this one; absent: nobody gives orders. */
  readonly parent?: ParentLink;
  /** `ready` once; or `fatal`, when starting again would not help. */
  readonly onEvent: (event: ProxyEvent) => void;
}

export interface Proxy extends AsyncDisposable {
  /** Leaves the mesh, lets requests under way finish (at most `drainMs` of the bootstrap), closes everything. */
  drain(): Promise<void>;
  /** Leaves the mesh and goes on serving; resolves when nobody calls any more, or soon. Absent: only `drain` leaves. */
  leave?(): Promise<void>;
  /** Another process serves the sockets now: accepts nothing more and finishes what is open (at most `drainMs`). */
  retire?(): Promise<void>;
  /** Another worker of the same proxy has ended. */
  workerGone?(worker: number): void;
  /** After the access log was moved away. */
  reopenLogs(): void;
}

/** How long a proxy that has a last good configuration waits for a newer one before it serves. */
const FRESH_CONFIG_MS = 1_000;
const PUSH_MS = 1_000;

/** Starts in the background: `onEvent` tells when it is ready. Throws when the state directory or the access log cannot be used. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const proxy = new RunningProxy(options);
  await proxy.serveAdmin();
  proxy.begin();
  return proxy;
}

class RunningProxy implements Proxy {
  readonly #options: ProxyOptions;
  readonly #identity: IdentityStore;
  readonly #plane: DataPlane;
  readonly #accessLog: LineWriter | undefined;
  readonly #kept: KeptConfig;
  /** The other workers, when this process leads several. */
  readonly #coworkers: Coworkers | undefined;
  readonly #followers: Followers | undefined;
  readonly #synced = Promise.withResolvers<void>();
  #stream: ConfigStream | undefined;
  #push: Disposable | undefined;
  #rehearsal: Disposable | undefined;
  #isReady = false;
  #isStopped = false;
  #leaving: Promise<void> | undefined;
  #waitsFor = "an identity";

  constructor(options: ProxyOptions) {
    this.#options = options;
    const { bootstrap, clock, random, log } = options;
    const { workload, stateDirectory, accessLog } = bootstrap;
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    this.#kept = new KeptConfig({
      path: join(stateDirectory, "config"),
      current: () => this.#plane.snapshot,
      log,
    });
    this.#accessLog = accessLog === undefined ? undefined : openLineWriter({ path: accessLog });
    const { trustDomain } = bootstrap;
    const link = this.#link();
    const { namespace, serviceAccount } = workload;
    this.#identity = new IdentityStore({
      id: spiffeIdOf({ trustDomain, namespace, serviceAccount }),
      trustDomain,
      path: join(stateDirectory, "identity"),
      requestCertificate: link && certificateRequester(link),
      clock,
      random,
      log,
      onRenewed: () => this.#onRenewed(),
    });
    this.#coworkers = coworkersOf(options);
    this.#followers = this.#coworkers && this.#lead(this.#coworkers);
    this.#plane = new DataPlane({
      workload,
      identity: this.#identity,
      secret: bootstrap.secret,
      limits: processLimits(bootstrap),
      sockets: inheritedSockets(bootstrap),
      accessLog: this.#accessLog,
      clock,
      random,
      log,
      peerUid: options.peerUid,
      ownUid: options.ownUid,
      notReadyBecause: () => (this.#isReady ? undefined : `waiting for ${this.#waitsFor}`),
      coworkers: this.#coworkers,
      followers: this.#followers,
    });
  }

  serveAdmin(): Promise<void> {
    return this.#plane.serveAdmin();
  }

  begin(): void {
    this.#run().catch((cause: unknown) => {
      const message = cause instanceof Error ? cause.message : String(cause);
      const code = cause instanceof XdsError ? cause.code : "internal";
      this.#options.log.error({ code, reason: message }, "the proxy cannot go on");
      this.#options.onEvent({ event: "fatal", code, message });
    });
  }

  reopenLogs(): void {
    this.#accessLog?.reopen();
    this.#coworkers?.link.send(undefined, { kind: "reopen-logs" });
  }

  workerGone(worker: number): void {
    this.#followers?.gone(worker);
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leaveMesh();
    return this.#leaving;
  }

  async drain(): Promise<void> {
    const { drainMs } = this.#options.bootstrap;
    if (this.#isStopped) return;
    await this.leave(); // others learn that we leave before we do
    await this.#stop(() => this.#plane.drain(drainMs));
  }

  async retire(): Promise<void> {
    const { drainMs } = this.#options.bootstrap;
    this.#kept.leaveAlone();
    this.#kept.saveNow();
    await this.#stop(() => this.#plane.retire(drainMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopped) return;
    await this.leave();
    await this.#stop(() => this.#plane.close());
  }

  async #run(): Promise<void> {
    const known =
      (await this.#adopt()) ?? (this.#identity.load() ? this.#applyLastGood() : undefined);
    const isStopped = () => this.#isStopped;
    if (this.#identity.held === undefined)
      await enrol(this.#identity, { log: this.#options.log, isStopped });
    if (this.#isStopped) return;
    this.#identity.keepFresh();
    this.#waitsFor = "configuration from the control plane";
    if (known !== undefined) this.#followers?.begin();
    this.#openStream(known ?? emptySnapshot);
    const isFresh = await this.#configuration(known !== undefined);
    if (known === undefined) this.#followers?.begin();
    await this.#plane.listening();
    if (this.#isStopped) return;
    this.#isReady = true;
    const { random, log } = this.#options;
    this.#rehearsal = rehearseLater({ current: () => this.#plane.snapshot, random, log });
    this.#options.onEvent({ event: "ready", source: isFresh ? "control-plane" : "last-good" });
  }

  /** True: what runs is what the control plane has now. */
  async #configuration(hasLastGood: boolean): Promise<boolean> {
    if (this.#stream === undefined && hasLastGood) return false;
    const fresh = this.#synced.promise.then(() => true);
    return hasLastGood
      ? Promise.race([fresh, Bun.sleep(FRESH_CONFIG_MS).then(() => false)])
      : fresh;
  }

  /** After the death of the worker that led before: what the others run. */
  async #adopt(): Promise<Snapshot | undefined> {
    const state = await this.#followers?.adopt(this.#coworkers?.place.peers ?? []);
    if (state === undefined || !this.#identity.adopt(state.identity)) return undefined;
    const snapshot = snapshotOf(state.resources);
    return this.#plane.apply(snapshot).kind === "applied" ? snapshot : undefined;
  }

  /** What ran last time; undefined when there is none that can be used. */
  #applyLastGood(): Snapshot | undefined {
    const kept = this.#kept.read();
    if (kept === undefined) return undefined;
    const result = this.#plane.apply(kept);
    if (result.kind === "applied") return kept;
    const { reason } = result;
    this.#options.log.warn({ reason }, "the kept configuration is refused; it is fetched anew");
    return undefined;
  }

  #openStream(known: Snapshot): void {
    const link = this.#link();
    if (link === undefined) return;
    const { bootstrap, clock, log, random } = this.#options;
    const { workload } = bootstrap;
    const connect = connectorTo(link, () => this.#identity.held);
    const nodeId = nodeIdOf(workload);
    this.#stream = openConfigStream({
      connect,
      workload,
      nodeId,
      known,
      apply: (update) => this.#apply(update),
      onState: (state) => this.#onState(state),
      checkRegex,
      clock,
      log,
      random,
      timers: systemTimers,
    });
    const { namespace, serviceAccount } = workload;
    this.#push = startMetricsPush({
      connect,
      node: { id: nodeId, workload, namespace, serviceAccount, features: [] },
      families: () => this.#plane.goldenSignals(),
      everyMs: PUSH_MS,
      log,
    });
  }

  #apply(update: ConfigUpdate): Verdict | Promise<Verdict> {
    const before = this.#plane.snapshot;
    const result = this.#plane.apply(update.snapshot);
    if (result.kind === "refused") return { kind: "rejected", reason: result.reason };
    this.#kept.saveSoon();
    return this.#followers === undefined
      ? { kind: "accepted" }
      : this.#handOn(this.#followers, update, before);
  }

  /** All workers run it, or none does. */
  async #handOn(followers: Followers, update: ConfigUpdate, before: Snapshot): Promise<Verdict> {
    const reason = await followers.hand(update);
    if (reason === undefined) return { kind: "accepted" };
    this.#plane.apply(before);
    followers.reset();
    this.#kept.saveSoon();
    return { kind: "rejected", reason };
  }

  #onRenewed(): void {
    this.#stream?.reconnect();
    const { kept } = this.#identity;
    if (kept !== undefined) this.#followers?.handIdentity(kept);
  }

  #lead({ link }: Coworkers): Followers {
    const { clock, log, onEvent } = this.#options;
    return new Followers({
      link,
      state: () => {
        const identity = this.#identity.kept;
        return identity && { identity, resources: resourcesOf(this.#plane.snapshot) };
      },
      onStuck: (worker) => onEvent({ event: "stuck", worker }),
      firstSeq: clock.wallMs(),
      log,
    });
  }

  #onState(state: ConfigStreamState): void {
    if (state.kind === "synced") this.#synced.resolve();
    if (state.kind === "disconnected") {
      const { code, reason, retryInMs } = state;
      this.#options.log.warn(
        { code, reason, retryInMs },
        "the control plane is not there; what it said last stays in force",
      );
    }
  }

  async #leaveMesh(): Promise<void> {
    this.#push?.[Symbol.dispose]();
    const { inbound } = this.#options.bootstrap.workload;
    await this.#stream?.leave(inbound.length > 0 ? LEAVE_MS : LEAVE_UNCALLED_MS);
  }

  /** Configuration and counters are kept up to the last request: connections may stay for long. */
  async #stop(finish: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#kept.saveNow();
    this.#rehearsal?.[Symbol.dispose]();
    this.#identity[Symbol.dispose]();
    await finish();
    this.#push?.[Symbol.dispose]();
    this.#stream?.[Symbol.dispose]();
    await this.#accessLog?.[Symbol.asyncDispose]();
  }

  #link(): ControlPlaneLinkOptions | undefined {
    const { bootstrap, clock } = this.#options;
    const { controlPlane, token } = bootstrap;
    if (controlPlane === undefined) return undefined;
    return { controlPlane, token, moreRoots: () => this.#identity.rootsPem, clock };
  }
}

/** Longest that others are waited for to have heard that this proxy goes away. */
const LEAVE_MS = 5_000;
/** The same of a proxy that nobody calls. */
const LEAVE_UNCALLED_MS = 500;
