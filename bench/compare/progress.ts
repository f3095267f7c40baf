/** Says where a run is and how long is left: by the plan's estimates, stretched as this machine has stretched them so far. */
export class Progress {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #totalSeconds: number;
  readonly #startedMs: number;
  #doneSeconds = 0;
  #saidMs = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds, never going back. */
  constructor(options: {
    readonly totalSeconds: number;
    say(line: string): void;
    now(): number;
  }) {
    this.#say = (line) => options.say(line);
    this.#now = () => options.now();
    this.#totalSeconds = options.totalSeconds;
    this.#startedMs = options.now();
  }

  /** So much of the plan is done; says so every few seconds at most, or at once when `isNews`. */
  add(plannedSeconds: number, what: string, isNews = false): void {
    this.#doneSeconds += plannedSeconds;
    const nowMs = this.#now();
    if (!isNews && nowMs - this.#saidMs < 5_000) return;
    this.#saidMs = nowMs;
    const share = Math.min(1, this.#doneSeconds / this.#totalSeconds);
    this.#say(
      `${(share * 100).toFixed(0).padStart(3)} %, ${durationText(this.leftSeconds)} left: ${what}`,
    );
  }

  get leftSeconds(): number {
    const elapsed = (this.#now() - this.#startedMs) / 1_000;
    // The first seconds say little about the rest.
    const pace = (elapsed + 10) / (this.#doneSeconds + 10);
    return Math.max(0, (this.#totalSeconds - this.#doneSeconds) * pace);
  }
}

export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  return `${(seconds / 60).toFixed(1)} min`;
}
