import { constants } from "node:os";
import { isatty } from "node:tty";

const caught = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
export type RunSignal = (typeof caught)[number];

/**
 * The signals of one `weft run`, from its beginning to its end: what they mean depends on whether the application is still
 * to come, runs, or has ended. While nobody takes them, those that end a program interrupt.
 */
export class RunSignals implements Disposable {
  /** A terminal sends Ctrl-C and Ctrl-\ to the application itself, which is in our group. */
  readonly hasTerminal = isatty(0);
  readonly #interrupted = Promise.withResolvers<RunSignal>();
  readonly #stops: readonly (() => void)[];
  #take: (signal: RunSignal) => void;

  constructor() {
    this.#take = (signal) => {
      if (signal !== "SIGUSR1" && signal !== "SIGUSR2") this.#interrupted.resolve(signal);
    };
    this.#stops = caught.map((signal) => {
      const listener = () => this.#take(signal);
      process.on(signal, listener);
      return () => process.off(signal, listener);
    });
  }

  /** Resolves with the first signal that came before `take` and ends a program. */
  get interrupted(): Promise<RunSignal> {
    return this.#interrupted.promise;
  }

  /** Who is told from now on. */
  take(callback: (signal: RunSignal) => void): void {
    this.#take = callback;
  }

  /** Whether the application has had this signal from its terminal. */
  isFromTerminal(signal: RunSignal): boolean {
    return this.hasTerminal && (signal === "SIGINT" || signal === "SIGQUIT");
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
  }
}

/** What a shell reports for a program that this signal has ended. */
export function exitCodeOf(signal: string): number {
  return 128 + (constants.signals[signal as keyof typeof constants.signals] ?? 0);
}
