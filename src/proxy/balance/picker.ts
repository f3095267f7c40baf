import type { Balancer } from "#config/cluster.ts";
import { leastRequest } from "./least-request.ts";
import { randomPicker } from "./random-picker.ts";
import { roundRobin } from "./round-robin.ts";

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

/** `candidates` holds only hosts that may be used, and is kept by reference. */
export function makePicker<T extends Candidate>(
  balancer: Balancer,
  candidates: readonly T[],
): Picker<T> {
  return makers[balancer.kind](candidates);
}

const makers = {
  "least-request": leastRequest,
  "round-robin": roundRobin,
  random: randomPicker,
} as const satisfies Record<
  Balancer["kind"],
  <T extends Candidate>(candidates: readonly T[]) => Picker<T>
>;

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
