/** What a balancer looks at. */
export interface Candidate {
  /** Above 0. */
  readonly weight: number;
  /** Requests under way. */
  readonly activeRequests: number;
}

/** Chooses among fixed candidates; replaced whole when they change. */
export interface Picker<T> {
  /** Undefined only when there are no candidates. `random` is in [0, 1). */
  pick(random: () => number): T | undefined;
}

/** Looks again, at most `attempts` times, while the choice is one of `tried`; then takes what it got. */
export function pickAvoiding<T>(
  picker: Picker<T>,
  tried: readonly T[],
  attempts: number,
  random: () => number,
): T | undefined {
  let choice = picker.pick(random);
  for (let i = 0; i < attempts && choice !== undefined && tried.includes(choice); i++)
    choice = picker.pick(random);
  return choice;
}
