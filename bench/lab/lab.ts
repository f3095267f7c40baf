// Owns what a run leaves on the machine: a scratch folder and every process. Leaving the scope ends them all.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Core } from "./cores.ts";
import { commandOn } from "./cores.ts";

export interface StartOptions {
  /** Unique in the lab: names its folder and its logs. */
  readonly name: string;
  readonly core: Core;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Absolute path for standard output, opened for appending; default `<name>/output.log`. `pipe`: read by the caller. */
  readonly output?: string;
  /** Between SIGTERM and SIGKILL; default 2 s. */
  readonly graceMs?: number;
}

export interface LabProcess {
  readonly name: string;
  readonly pid: number;
  /** Standard output; only with `output: "pipe"`. */
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  /** The exit code, 128 + the signal's number for one that a signal ended. */
  readonly exited: Promise<number>;
  hasEnded(): boolean;
  /** The end of what it wrote on standard error. */
  lastWords(): string;
  stop(): Promise<void>;
}

export class Lab implements AsyncDisposable {
  readonly scratch = mkdtempSync(join(tmpdir(), "weft-bench-"));
  readonly #processes: LabProcess[] = [];
  readonly #interruption = new AbortController();

  /** Aborted when the user wants out. */
  get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  /** Ends what runs now; whoever waits for it fails, and so unwinds to the lab's scope. */
  interrupt(): void {
    this.#interruption.abort(new Error("interrupted"));
    for (const process of this.#processes) void process.stop();
  }

  folder(name: string): string {
    const path = join(this.scratch, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Throws what `Bun.spawn` throws, and when the lab was interrupted. */
  start(options: StartOptions): LabProcess {
    this.signal.throwIfAborted();
    const process = startProcess(options, this.folder(options.name));
    this.#processes.push(process);
    return process;
  }

  /** Leaving it ends what was started in it. */
  scope(): AsyncDisposable {
    const before = this.#processes.length;
    return { [Symbol.asyncDispose]: () => this.#stopFrom(before) };
  }

  async #stopFrom(first: number): Promise<void> {
    // The last started first: workloads before the control plane that they report to.
    for (const process of this.#processes.splice(first).toReversed()) await process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopFrom(0);
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

function startProcess(options: StartOptions, folder: string): LabProcess {
  const { name, core, command, environment, output, graceMs = 2_000 } = options;
  const complaints = join(folder, "errors.log");
  const stderr = openSync(complaints, "a");
  const stdout = output === "pipe" ? "pipe" : openSync(output ?? join(folder, "output.log"), "a");
  try {
    const child = Bun.spawn(commandOn(core, command), {
      stdio: ["ignore", stdout, stderr],
      env: { ...process.env, ...environment },
      detached: true, // a terminal's Ctrl-C reaches it through us only, and its group can be ended as one
    });
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    return {
      name,
      pid: child.pid,
      stdout: child.stdout instanceof ReadableStream ? child.stdout : undefined,
      exited: child.exited,
      hasEnded,
      lastWords: () => readFileSync(complaints, "utf8").trim().split("\n").slice(-5).join("\n"),
      async stop() {
        if (hasEnded()) return;
        child.kill("SIGTERM");
        const timer = setTimeout(() => killGroup(child.pid), graceMs);
        await child.exited;
        clearTimeout(timer);
      },
    };
  } finally {
    closeSync(stderr);
    if (typeof stdout === "number") closeSync(stdout);
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause; // gone by now
  }
}
