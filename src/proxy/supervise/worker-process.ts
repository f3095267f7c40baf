import { closeSync, openSync } from "node:fs";
import type { Bootstrap, ProxyEvent, ProxyOrder } from "../bootstrap.ts";
import { LineSplitter } from "../workers/line-splitter.ts";
import { type RelayLine, readRelayLine, relayLine } from "../workers/relay-line.ts";

export interface WorkerProcessOptions {
  /** Command line that reads a `Bootstrap` from its standard input. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Descriptors that it inherits, from `firstInheritedFd` on. */
  readonly fds: readonly number[];
  readonly bootstrap: Bootstrap;
  /** File for its own log lines; absent: our standard error. */
  readonly logPath?: string | undefined;
  onEvent(event: ProxyEvent): void;
  /** It writes to another worker. */
  onRelay(line: RelayLine): void;
}

export const firstInheritedFd = 3;

type Child = Bun.Subprocess<"pipe", "pipe", number>;

/** One process of a proxy, as its parent sees it. */
export class WorkerProcess {
  readonly #child: Child;
  readonly #options: WorkerProcessOptions;
  /** Resolves when it is gone, with the way in which it ended. */
  readonly ended: Promise<string>;

  /** Throws when it cannot be started. */
  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#child = spawn(options);
    this.#write(`${JSON.stringify(options.bootstrap)}\n`);
    this.ended = this.#run();
  }

  get pid(): number {
    return this.#child.pid;
  }

  order(order: ProxyOrder): void {
    this.#write(`${JSON.stringify(order)}\n`);
  }

  /** What another worker has written to this one. */
  relay(from: number, body: string): void {
    this.#write(relayLine(from, body));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** It may have ended in this moment: then nobody reads it, and its end is told elsewhere. */
  #write(line: string): void {
    try {
      this.#child.stdin.write(line);
      void Promise.resolve(this.#child.stdin.flush()).catch(() => undefined);
    } catch {
      // as above
    }
  }

  async #run(): Promise<string> {
    await this.#listen().catch(() => undefined); // its output ends with it, in whatever way
    await this.#child.exited;
    const { signalCode, exitCode } = this.#child;
    return signalCode === null ? `exit code ${exitCode}` : `${signalCode}`;
  }

  async #listen(): Promise<void> {
    const lines = new LineSplitter();
    for await (const chunk of this.#child.stdout)
      for (const line of lines.push(chunk)) this.#take(line);
  }

  #take(line: string): void {
    const relayed = readRelayLine(line);
    if (relayed !== undefined) {
      this.#options.onRelay(relayed);
      return;
    }
    const event = readEvent(line);
    if (event !== undefined) this.#options.onEvent(event);
  }
}

function spawn({ command, environment, fds, logPath }: WorkerProcessOptions): Child {
  const log = logPath === undefined ? undefined : openSync(logPath, "a", 0o600);
  try {
    const stdio = ["pipe", "pipe", log ?? "inherit", ...fds] as const;
    // A group of its own: Ctrl-C in the terminal is for the application, the proxy drains after it.
    return Bun.spawn([...command], {
      stdio: [...stdio],
      env: { ...environment },
      detached: true,
    }) as unknown as Child;
  } finally {
    if (log !== undefined) closeSync(log);
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
