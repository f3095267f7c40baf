// Runs the proxy as a child that inherits its listening sockets, and starts it again when it dies: the sockets stay
// open here, so callers wait in the accept queue instead of being refused.
//
//   start ──► starting ──ready──► running ──exit──► (backoff) ──► starting …
//                 └──fatal──► failed        stop() ──► SIGTERM ──► exited

import { closeSync, openSync } from "node:fs";
import type { Clock } from "#core/clock.ts";
import type { Bootstrap, InheritedSocket, ProxyEvent } from "../bootstrap.ts";

export interface SupervisedSocket {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Of the listening socket in this process. */
  readonly fd: number;
}

export interface ProxyProcessOptions {
  /** Command line that reads a `Bootstrap` from its standard input; asked for at every start. */
  command(): readonly string[];
  /** Of the proxy. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sockets: readonly SupervisedSocket[];
  /** Called for every start, so that a restarted proxy gets a fresh token. */
  bootstrap(sockets: readonly InheritedSocket[]): Promise<Bootstrap>;
  /** The proxy's own log lines. */
  readonly logPath: string;
  readonly clock: Clock;
  onEvent(event: SupervisionEvent): void;
}

export type SupervisionEvent =
  | { readonly kind: "ready"; readonly source: "control-plane" | "last-good"; readonly pid: number }
  | { readonly kind: "died"; readonly how: string; readonly restartInMs: number }
  | { readonly kind: "failed"; readonly message: string };

export interface ProxyProcess {
  /** Resolves when the proxy is first ready; rejects when it never will be. */
  readonly ready: Promise<void>;
  /** SIGTERM: drains, then ends. Resolves when the process is gone; kills it after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

type Child = Bun.Subprocess<"pipe", "pipe", number>;

const firstInheritedFd = 3;
const steadyAfterMs = 10_000;
const maxRestartDelayMs = 5_000;
const fastFailuresBeforeGivingUp = 5;

export function superviseProxy(options: ProxyProcessOptions): ProxyProcess {
  return new Supervisor(options);
}

class Supervisor implements ProxyProcess {
  readonly #options: ProxyProcessOptions;
  readonly #ready = Promise.withResolvers<void>();
  #child: Child | undefined;
  #everReady = false;
  #stopping = false;
  #failures = 0;
  #lastWords = "";
  readonly #running: Promise<void>;

  constructor(options: ProxyProcessOptions) {
    this.#options = options;
    this.#ready.promise.catch(() => undefined); // whoever awaits `ready` sees it
    this.#running = this.#run();
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    child?.kill("SIGTERM");
    const timer = setTimeout(() => child?.kill("SIGKILL"), deadlineMs);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const startedAt = this.#options.clock.monotonicMs();
      const how = await this.#runOnce().catch((cause: unknown) => String(cause));
      if (this.#stopping) return;
      const steady = this.#options.clock.monotonicMs() - startedAt >= steadyAfterMs;
      this.#failures = steady ? 0 : this.#failures + 1;
      if (
        this.#lastWords !== "" ||
        (!this.#everReady && this.#failures >= fastFailuresBeforeGivingUp)
      ) {
        this.#fail(this.#lastWords === "" ? `the proxy does not start: ${how}` : this.#lastWords);
        return;
      }
      // The first restart is at once: the sockets are open and callers wait.
      const restartInMs =
        this.#failures <= 1 ? 0 : Math.min(maxRestartDelayMs, 100 * 2 ** this.#failures);
      this.#options.onEvent({ kind: "died", how, restartInMs });
      await Bun.sleep(restartInMs);
    }
  }

  async #runOnce(): Promise<string> {
    const { sockets } = this.#options;
    const inherited = sockets.map(({ name, address }, index) => ({
      name,
      address,
      fd: firstInheritedFd + index,
    }));
    const bootstrap = await this.#options.bootstrap(inherited);
    if (this.#stopping) return "stopped";
    const child = this.#spawn();
    this.#child = child;
    child.stdin.write(`${JSON.stringify(bootstrap)}\n`);
    await child.stdin.flush();
    await this.#listen(child);
    await child.exited;
    return child.signalCode === null ? `exit code ${child.exitCode}` : `${child.signalCode}`;
  }

  #spawn(): Child {
    const { environment, sockets, logPath } = this.#options;
    const command = [...this.#options.command()];
    const log = openSync(logPath, "a", 0o600);
    try {
      const stdio = ["pipe", "pipe", log, ...sockets.map(({ fd }) => fd)] as const;
      // A group of its own: Ctrl-C in the terminal is for the application, the proxy drains after it.
      const env = { ...environment };
      return Bun.spawn(command, { stdio: [...stdio], env, detached: true }) as unknown as Child;
    } finally {
      closeSync(log);
    }
  }

  async #listen(child: Child): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(readEvent(line), child.pid);
    }
  }

  #take(event: ProxyEvent | undefined, pid: number): void {
    if (event?.event === "fatal") this.#lastWords = event.message;
    if (event?.event !== "ready") return;
    this.#everReady = true;
    this.#ready.resolve();
    this.#options.onEvent({ kind: "ready", source: event.source, pid });
  }

  #fail(message: string): void {
    this.#ready.reject(new Error(message));
    this.#options.onEvent({ kind: "failed", message });
  }
}

function readEvent(line: string): ProxyEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === "object" && value !== null && "event" in value;
    return isEvent ? (value as ProxyEvent) : undefined;
  } catch {
    return undefined; // not ours
  }
}
