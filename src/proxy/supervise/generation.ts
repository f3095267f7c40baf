// The processes that are one proxy at a time: they start together, are replaced one by one when they die, and end
// together. A successor of the whole is another generation on the same sockets.
//
//   starting ──all ready──► serving ──retire──► ending ──► over
//       │                      │ stop                        ▲
//       └──fatal, or too often─┴─────────────────────────────┘

import type { Clock } from "#core/clock.ts";
import { createSharedMemory, type SharedMemory } from "#net/shared-memory.ts";
import type { Bootstrap, InheritedSocket, ProxyEvent, ProxyOrder } from "../bootstrap.ts";
import { sharedMemoryBytes } from "../workers/coworkers.ts";
import { firstInheritedFd, WorkerProcess } from "./worker-process.ts";

export type GenerationEvent =
  | { readonly kind: "ready"; readonly source: "control-plane" | "last-good"; readonly pid: number }
  | {
      readonly kind: "died";
      readonly worker: number;
      readonly how: string;
      readonly restartInMs: number;
    }
  /** It has ended itself: no worker can be started. */
  | { readonly kind: "failed"; readonly message: string };

export interface SupervisedSocket {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Of the listening sockets in this process: one for all workers, or one for each. */
  readonly fds: readonly number[];
}

/** How the processes of a proxy are started. */
export interface ChildOptions {
  /** Command line that reads a `Bootstrap` from its standard input; asked for at every start. */
  command(): readonly string[];
  /** Of the proxy. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sockets: readonly SupervisedSocket[];
  /** Called for every start, so that a restarted proxy gets a fresh token. */
  bootstrap(sockets: readonly InheritedSocket[]): Promise<Bootstrap>;
  /** File for the proxy's own log lines; absent: our standard error. */
  readonly logPath?: string;
  readonly clock: Clock;
}

export interface GenerationOptions extends ChildOptions {
  readonly workers: number;
  onEvent(event: GenerationEvent): void;
}

const steadyAfterMs = 10_000;
const maxRestartDelayMs = 5_000;
const fastFailuresBeforeGivingUp = 5;

/** Sockets of which there is one for the whole proxy; the first worker has them. */
const once: ReadonlySet<string> = new Set(["admin", "metrics"]);

export class Generation {
  readonly #options: GenerationOptions;
  readonly #memory: SharedMemory | undefined;
  readonly #ready = Promise.withResolvers<void>();
  readonly #left = Promise.withResolvers<void>();
  readonly #live = new Map<number, WorkerProcess>();
  readonly #isReady = new Set<number>();
  /** What the first worker was told at its last start, for the others. */
  readonly #leading = Promise.withResolvers<Bootstrap>();
  readonly #over: Promise<unknown>;
  /** The application, for workers that start after it. */
  #application: ProxyOrder | undefined;
  #isEnding = false;
  #lastWords = "";

  constructor(options: GenerationOptions) {
    this.#options = options;
    const { workers } = options;
    this.#memory =
      workers > 1 ? createSharedMemory("weft-workers", sharedMemoryBytes(workers)) : undefined;
    this.#ready.promise.catch(() => undefined); // whoever awaits `ready` sees it
    const loops = Array.from({ length: options.workers }, (_, index) => this.#keep(index));
    this.#over = Promise.all(loops).then(() => this.#memory?.close());
  }

  /** Resolves when every worker has been ready; rejects when that will never be. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the last process is gone. */
  get over(): Promise<unknown> {
    return this.#over;
  }

  /** Leaves the mesh and goes on serving; resolves when nobody calls any more, or after `deadlineMs`. */
  async leave(deadlineMs: number): Promise<void> {
    const leader = this.#live.get(0);
    if (leader === undefined || this.#isEnding) return;
    leader.order({ order: "leave" });
    const timer = setTimeout(() => this.#left.resolve(), deadlineMs);
    await Promise.race([this.#left.promise, leader.ended, this.#over]);
    clearTimeout(timer);
  }

  /** Others have taken over: ends when what is open is finished. */
  retire(): void {
    this.#isEnding = true;
    for (const worker of this.#live.values()) worker.order({ order: "retire" });
  }

  /** SIGTERM; what is left after `deadlineMs` is killed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isEnding = true;
    this.#ready.reject(new Error("stopped before it was ready"));
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), deadlineMs);
    await this.#over;
    clearTimeout(timer);
  }

  signal(name: NodeJS.Signals): void {
    for (const worker of this.#live.values()) worker.signal(name);
  }

  /** Told to every worker, those to come included. */
  tellApplication(order: ProxyOrder & { readonly order: "application" }): void {
    this.#application = order;
    for (const worker of this.#live.values()) worker.order(order);
  }

  /** One place among the workers, and whoever holds it. */
  async #keep(index: number): Promise<void> {
    const { clock, onEvent } = this.#options;
    let failures = 0;
    while (!this.#isEnding) {
      const startedAt = clock.monotonicMs();
      const how = await this.#runOnce(index).catch((cause: unknown) => String(cause));
      if (this.#isEnding) return;
      failures = clock.monotonicMs() - startedAt >= steadyAfterMs ? 0 : failures + 1;
      const isHopeless = failures >= fastFailuresBeforeGivingUp && !this.#isReady.has(index);
      if (this.#lastWords !== "" || isHopeless) {
        this.#fail(this.#lastWords || `the proxy does not start: ${how}`);
        return;
      }
      // The first restart is at once: the sockets are open and callers wait.
      const restartInMs = failures <= 1 ? 0 : Math.min(maxRestartDelayMs, 100 * 2 ** failures);
      onEvent({ kind: "died", worker: index, how, restartInMs });
      await Bun.sleep(restartInMs);
    }
  }

  async #runOnce(index: number): Promise<string> {
    const { command, environment, sockets, logPath } = this.#options;
    const own = socketsOf(index, sockets);
    const bootstrap = await this.#bootstrapOf(index, own.inherited);
    if (this.#isEnding) return "stopped";
    const worker = new WorkerProcess({
      command: command(),
      environment,
      fds: this.#memory === undefined ? own.fds : [...own.fds, this.#memory.fd],
      bootstrap,
      logPath,
      onEvent: (event) => this.#take(index, event),
      onRelay: ({ worker: to, body }) => {
        if (to !== undefined) this.#live.get(to)?.relay(index, body);
        else for (const [i, other] of this.#live) if (i !== index) other.relay(index, body);
      },
    });
    this.#live.set(index, worker);
    if (this.#application !== undefined) worker.order(this.#application);
    const how = await worker.ended;
    this.#live.delete(index);
    for (const other of this.#live.values()) other.order({ order: "worker-gone", worker: index });
    return how;
  }

  /** The others need no token and no address of their own: they have what the first one has. */
  async #bootstrapOf(index: number, sockets: readonly InheritedSocket[]): Promise<Bootstrap> {
    const { workers } = this.#options;
    if (index > 0) {
      const { controlPlane: _, token: __, ...leading } = await this.#leading.promise;
      return { ...leading, sockets, ...this.#placeOf(index, sockets) };
    }
    const bootstrap = await this.#options.bootstrap(sockets);
    this.#leading.resolve(bootstrap);
    return workers === 1 ? bootstrap : { ...bootstrap, ...this.#placeOf(index, sockets) };
  }

  #placeOf(index: number, sockets: readonly InheritedSocket[]): Pick<Bootstrap, "worker"> {
    const peers = [...this.#isReady].filter((peer) => peer !== index && this.#live.has(peer));
    const memoryFd = firstInheritedFd + sockets.length;
    return { worker: { index, count: this.#options.workers, memoryFd, peers } };
  }

  #take(index: number, event: ProxyEvent): void {
    const worker = this.#live.get(index);
    if (event.event === "fatal") this.#lastWords = event.message;
    if (event.event === "left") this.#left.resolve();
    if (event.event === "stuck") this.#live.get(event.worker)?.signal("SIGKILL");
    if (event.event !== "ready" || worker === undefined) return;
    this.#isReady.add(index);
    if (index === 0)
      this.#options.onEvent({ kind: "ready", source: event.source, pid: worker.pid });
    if (this.#isReady.size === this.#options.workers) this.#ready.resolve();
  }

  #fail(message: string): void {
    this.#isEnding = true;
    this.#leading.promise.catch(() => undefined);
    this.#leading.reject(new Error(message));
    this.#ready.reject(new Error(message));
    this.signal("SIGTERM");
    this.#options.onEvent({ kind: "failed", message });
  }
}

/** The descriptors that one worker inherits, and under which numbers it finds them. */
function socketsOf(index: number, sockets: readonly SupervisedSocket[]) {
  const own = sockets.filter(({ name }) => index === 0 || !once.has(name));
  const fds = own.map(({ fds: all }) => all[index % all.length] ?? 0);
  const inherited = own.map(({ name, address }, at) => ({
    name,
    address,
    fd: firstInheritedFd + at,
  }));
  return { fds, inherited };
}
