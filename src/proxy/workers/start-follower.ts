// The life of a worker that is not the first: it serves what the first one hands to it, and goes on while that is gone.
//
//   hello ──► state ──ready──► updates, identities ──► drained
//     ▲                              │ the first worker has died and another leads: hello again
//     └──────────────────────────────┘
import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import { spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import type { WorkerPlace } from "../bootstrap.ts";
import { resourcesOf, snapshotOf } from "../config/last-good.ts";
import { type ApplyResult, DataPlane } from "../data-plane.ts";
import { IdentityStore } from "../identity/identity-store.ts";
import type { KeptIdentity } from "../identity/kept-identity.ts";
import { inheritedSockets } from "../inherited-sockets.ts";
import { processLimits } from "../limits/process-limits.ts";
import type { ParentLink } from "../parent-link.ts";
import type { ProxyOptions, Proxy as StartedProxy } from "../start-proxy.ts";
import { type LineWriter, openLineWriter } from "../telemetry/line-writer.ts";
import { Coworkers } from "./coworkers.ts";
import type { WorkerMessage, WorkerState } from "./worker-message.ts";

const FIRST = 0;

/** `onEvent` tells when it serves. Throws when the access log or the memory of the workers cannot be used. */
export function startFollower(options: ProxyOptions, place: WorkerPlace): StartedProxy {
  const { parent } = options;
  if (parent === undefined) throw new Error("a worker has a parent");
  return new Follower(options, place, parent);
}

class Follower implements StartedProxy {
  readonly #options: ProxyOptions;
  readonly #coworkers: Coworkers;
  readonly #identity: IdentityStore;
  readonly #plane: DataPlane;
  readonly #accessLog: LineWriter | undefined;
  /** Of the last update or state that is in force here; 0: none is. */
  #seq = 0;
  #isReady = false;
  #isStopped = false;

  constructor(options: ProxyOptions, place: WorkerPlace, parent: ParentLink) {
    this.#options = options;
    const { bootstrap, clock, random, log, peerUid, ownUid } = options;
    const { workload, trustDomain, accessLog, secret } = bootstrap;
    const { namespace, serviceAccount } = workload;
    this.#accessLog = accessLog === undefined ? undefined : openLineWriter({ path: accessLog });
    this.#coworkers = new Coworkers({ place, parent, clock });
    this.#identity = new IdentityStore({
      id: spiffeIdOf({ trustDomain, namespace, serviceAccount }),
      trustDomain,
      requestCertificate: undefined,
      clock,
      random,
      log,
      onRenewed: () => undefined,
    });
    this.#plane = new DataPlane({
      workload,
      identity: this.#identity,
      secret,
      limits: processLimits(bootstrap),
      sockets: inheritedSockets(bootstrap),
      accessLog: this.#accessLog,
      clock,
      random,
      log,
      peerUid,
      ownUid,
      notReadyBecause: () => (this.#isReady ? undefined : "waiting for the first worker"),
      coworkers: this.#coworkers,
    });
    this.#listen();
  }

  reopenLogs(): void {
    this.#accessLog?.reopen();
  }

  async drain(): Promise<void> {
    await this.#stop(() => this.#plane.drain(this.#options.bootstrap.drainMs));
  }

  async retire(): Promise<void> {
    await this.#stop(() => this.#plane.retire(this.#options.bootstrap.drainMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop(() => this.#plane.close());
  }

  #listen(): void {
    const { link } = this.#coworkers;
    link.on("leading", () => this.#hello());
    link.on("state", ({ state }) => this.#takeState(state));
    link.on("update", (update) => this.#takeUpdate(update));
    link.on("identity", ({ identity }) => this.#takeIdentity(identity));
    link.on("reopen-logs", () => this.reopenLogs());
    link.answer({ state: () => this.#state(), facts: () => this.#plane.facts() });
    this.#hello();
  }

  #hello(): void {
    this.#coworkers.link.send(FIRST, { kind: "hello", seq: this.#seq });
  }

  #takeState({ seq, identity, resources }: WorkerState): void {
    this.#takeIdentity(identity);
    this.#confirm(seq, this.#plane.apply(snapshotOf(resources)));
    if (!this.#isReady) void this.#becomeReady();
  }

  #takeUpdate({ seq, type, upserted, removed }: Extract<WorkerMessage, { kind: "update" }>): void {
    if (seq !== this.#seq + 1) {
      this.#hello(); // it builds on something that is not here: all of it comes
      return;
    }
    const before = this.#plane.snapshot;
    const changed = new Map<string, unknown>(before[type]);
    for (const name of removed) changed.delete(name);
    for (const resource of upserted) changed.set(resource.name, resource);
    this.#confirm(seq, this.#plane.apply({ ...before, [type]: changed } as Snapshot));
  }

  #confirm(seq: number, result: ApplyResult): void {
    const { link } = this.#coworkers;
    if (result.kind === "refused") {
      link.send(FIRST, { kind: "applied", seq, refusal: result.reason });
      return;
    }
    this.#seq = seq;
    link.send(FIRST, { kind: "applied", seq });
  }

  #takeIdentity(identity: KeptIdentity): void {
    try {
      this.#identity.adopt(identity);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#options.log.error({ reason }, "the identity of the first worker cannot be used");
    }
  }

  #state(): WorkerState | undefined {
    const identity = this.#identity.kept;
    const { snapshot } = this.#plane;
    if (this.#seq === 0 || identity === undefined || snapshot === emptySnapshot) return undefined;
    return { seq: this.#seq, identity, resources: resourcesOf(snapshot) };
  }

  async #becomeReady(): Promise<void> {
    await this.#plane.listening();
    if (this.#isReady || this.#isStopped) return;
    this.#isReady = true;
    this.#options.onEvent({ event: "ready", source: "control-plane" });
  }

  async #stop(finish: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#identity[Symbol.dispose]();
    await finish();
    await this.#accessLog?.[Symbol.asyncDispose]();
  }
}
