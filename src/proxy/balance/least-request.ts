import type { Candidate, Picker } from "./picker.ts";
import { areEqual, weightedDraw } from "./weights.ts";

/**
 * Power of two choices: nearly as good as the least loaded of all, and never a herd onto it. Candidates of one weight are
 * drawn as two different ones; else both are drawn by weight, so that idle hosts share by weight, and load per weight decides.
 */
export function leastRequest<T extends Candidate>(candidates: readonly T[]): Picker<T> {
  const { length } = candidates;
  if (length < 2) return { pick: () => candidates[0] };
  if (areEqual(candidates))
    return {
      pick: (random) => {
        const first = Math.floor(random() * length);
        const other = Math.floor(random() * (length - 1));
        return lessLoaded(candidates[first], candidates[other < first ? other : other + 1]);
      },
    };
  const draw = weightedDraw(candidates);
  return { pick: (random) => lessLoaded(candidates[draw(random)], candidates[draw(random)]) };
}

function lessLoaded<T extends Candidate>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.activeRequests * a.weight < a.activeRequests * b.weight ? b : a;
}
