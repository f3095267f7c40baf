// Runs Envoy as a child of the agent, and starts it again when it dies.
//
//   start ──► running ──exit──► (backoff) ──► running …        stop() ──► SIGTERM ──► exited
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";

export interface EnvoyProcessOptions {
  readonly command: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** It ends at once, again and again, and has never been ready. */
  readonly onHopeless: (how: string) => void;
}

const STEADY_AFTER_MS = 10_000;
const RESTART_MAX_MS = 5_000;
const ATTEMPTS_BEFORE_READY = 5;

export class EnvoyProcess {
  readonly #options: EnvoyProcessOptions;
  #child: Bun.Subprocess | undefined;
  #isStopping = false;
  #wasReady = false;
  #failures = 0;
  readonly #running: Promise<void>;

  constructor(options: EnvoyProcessOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** From now on it is never given up. */
  isReady(): void {
    this.#wasReady = true;
  }

  /** SIGTERM; resolves when it is gone, killed after `deadlineMs`. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    child?.kill("SIGTERM");
    const timer = setTimeout(() => child?.kill("SIGKILL"), deadlineMs);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { clock, log, onHopeless } = this.#options;
    while (!this.#isStopping) {
      const startedAt = clock.monotonicMs();
      const how = await this.#runOnce();
      if (this.#isStopping) return;
      const isSteady = clock.monotonicMs() - startedAt >= STEADY_AFTER_MS;
      this.#failures = isSteady ? 1 : this.#failures + 1;
      if (!this.#wasReady && this.#failures >= ATTEMPTS_BEFORE_READY) {
        onHopeless(how);
        return;
      }
      const restartInMs =
        this.#failures <= 1 ? 0 : Math.min(RESTART_MAX_MS, 100 * 2 ** this.#failures);
      log.warn({ how, restartInMs }, "Envoy ended; starting it again on the same ports");
      await Bun.sleep(restartInMs);
    }
  }

  async #runOnce(): Promise<string> {
    try {
      const child = Bun.spawn([...this.#options.command], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      this.#child = child;
      using _ = outlivedByNobody(child.pid);
      await child.exited;
      return child.signalCode === null ? `exit code ${child.exitCode}` : `${child.signalCode}`;
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause);
    }
  }
}

/**
 * Kills the process when this one ends, however it ends: a shell waits for the end of a pipe that only we hold. An Envoy
 * without its agent would serve with old certificates until they expire, and hold ports that a new one wants.
 */
function outlivedByNobody(pid: number): Disposable {
  const script = 'read -r line; kill -KILL "$1" 2>/dev/null';
  const guard = Bun.spawn(["/bin/sh", "-c", script, "sh", `${pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  return { [Symbol.dispose]: () => guard.kill("SIGKILL") };
}
