// Runs a proxy as children that inherit its listening sockets, starts them again when they die, and replaces them by new
// ones on the same sockets: these stay open here, so callers wait in the accept queue instead of being refused.

import { type ChildOptions, Generation, type GenerationEvent } from "./generation.ts";
import { processStart } from "./process-start.ts";

export interface ProxyProcessOptions extends ChildOptions {
  /** Processes that share the sockets. Default 1. */
  readonly workers?: number;
  onEvent(event: SupervisionEvent): void;
}

export type SupervisionEvent = GenerationEvent;

/** How an attempt to replace the running proxy has ended. */
export type Replacement =
  | { readonly kind: "replaced" }
  /** The one of before goes on. */
  | { readonly kind: "kept"; readonly reason: string };

export interface ProxyProcess {
  /** Resolves when the proxy is first ready; rejects when it never will be. */
  readonly ready: Promise<void>;
  /** Leaves the mesh and goes on serving; resolves when nobody calls any more, or after `deadlineMs`. Once is enough. */
  leave(deadlineMs: number): Promise<void>;
  /**
   * Starts a new proxy on the same sockets. When it is ready the one of now finishes what is open and ends; when it is not
   * within `deadlineMs`, the one of now stays.
   */
  replace(deadlineMs: number): Promise<Replacement>;
  /** The program that would be left alone if this process and then the proxy died. */
  guard(pid: number): void;
  /** SIGTERM: drains, then ends. Resolves when all processes are gone; kills them after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

/** Of a parent that is itself what one proxy process is to another. */
export interface SupervisedProxy extends ProxyProcess {
  /** Somebody else serves the sockets: accepts nothing more. Resolves when everything is finished. */
  retire(): Promise<void>;
  /** After the access log was moved away. */
  reopenLogs(): void;
}

export function superviseProxy(options: ProxyProcessOptions): SupervisedProxy {
  return new Supervisor(options);
}

class Supervisor implements SupervisedProxy {
  readonly #options: ProxyProcessOptions;
  readonly ready: Promise<void>;
  #current: Generation;
  /** What is being started in its place. */
  #next: Generation | undefined;
  /** What was replaced and finishes. */
  readonly #retired = new Set<Generation>();
  #leaving: Promise<void> | undefined;
  #application: Parameters<Generation["tellApplication"]>[0] | undefined;
  #isStopping = false;

  constructor(options: ProxyProcessOptions) {
    this.#options = options;
    this.#current = this.#start((event) => options.onEvent(event));
    this.ready = this.#current.ready;
  }

  leave(deadlineMs: number): Promise<void> {
    this.#leaving ??= this.#current.leave(deadlineMs);
    return this.#leaving;
  }

  async replace(deadlineMs: number): Promise<Replacement> {
    if (this.#next !== undefined)
      return { kind: "kept", reason: "a new one is being started already" };
    if (this.#isStopping || this.#leaving !== undefined)
      return { kind: "kept", reason: "it is being stopped" };
    const next = this.#start((event) => this.#onEventOf(next, event));
    this.#next = next;
    const reason = await readyWithin(next, deadlineMs);
    this.#next = undefined;
    if (reason !== undefined || this.#isStopping || this.#leaving !== undefined) {
      await next.stop(0);
      return { kind: "kept", reason: reason ?? "it is being stopped" };
    }
    const before = this.#current;
    this.#current = next;
    this.#retired.add(before);
    before.retire();
    void before.over.then(() => this.#retired.delete(before));
    return { kind: "replaced" };
  }

  async retire(): Promise<void> {
    this.#isStopping = true;
    const all = this.#all();
    for (const generation of all) generation.retire();
    await Promise.all(all.map(({ over }) => over));
  }

  reopenLogs(): void {
    for (const generation of this.#all()) generation.signal("SIGHUP");
  }

  guard(pid: number): void {
    const startedAt = processStart(pid);
    if (startedAt === undefined) return;
    this.#application = { order: "application", pid, startedAt };
    for (const generation of this.#all()) generation.tellApplication(this.#application);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#all().map((generation) => generation.stop(deadlineMs)));
  }

  #all(): readonly Generation[] {
    return [...this.#retired, this.#current, ...(this.#next === undefined ? [] : [this.#next])];
  }

  #start(onEvent: (event: SupervisionEvent) => void): Generation {
    const generation = new Generation({
      ...this.#options,
      workers: this.#options.workers ?? 1,
      onEvent,
    });
    if (this.#application !== undefined) generation.tellApplication(this.#application);
    return generation;
  }

  /** Of a generation that is not the first: what it says while it starts is told by `replace`. */
  #onEventOf(generation: Generation, event: SupervisionEvent): void {
    if (generation === this.#current) this.#options.onEvent(event);
  }
}

/** Undefined: it is ready; else why it is not. */
async function readyWithin(
  generation: Generation,
  deadlineMs: number,
): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(
    () => late.resolve(`it was not ready within ${deadlineMs / 1_000} s`),
    deadlineMs,
  );
  const ready = generation.ready.then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
  );
  const reason = await Promise.race([ready, late.promise]);
  clearTimeout(timer);
  return reason;
}
