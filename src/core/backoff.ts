/** Exponential, with jitter between half and all of the step, so that a fleet does not come back in one wave. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before try number `attempt` (0 is the first retry). `random` returns [0, 1).
 * Always between half of the step and the step, never above `maxMs`.
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const exponent = Math.min(Math.max(attempt, 0), 30); // 2^30 steps are past any useful maximum
  const stepMs = Math.min(options.maxMs, options.baseMs * 2 ** exponent);
  return stepMs / 2 + (stepMs / 2) * random();
}
