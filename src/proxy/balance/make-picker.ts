import type { Balancer } from "#config/cluster.ts";
import { leastRequest } from "./least-request.ts";
import type { Candidate, Picker } from "./picker.ts";
import { randomPicker } from "./random-picker.ts";
import { roundRobin } from "./round-robin.ts";

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
