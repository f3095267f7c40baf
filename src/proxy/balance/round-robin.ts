import type { Candidate, Picker } from "./picker.ts";
import { areEqual } from "./weights.ts";

/** In turn, from a random start; unequal weights take smooth turns (5, 1, 1 gives a a b a c a a, never a a a a a b c). */
export function roundRobin<T extends Candidate>(candidates: readonly T[]): Picker<T> {
  return areEqual(candidates) ? inTurn(candidates) : smooth(candidates);
}

function inTurn<T>(candidates: readonly T[]): Picker<T> {
  let next = -1;
  return {
    pick: (random) => {
      next = next === -1 ? Math.floor(random() * candidates.length) : next + 1;
      if (next >= candidates.length) next = 0;
      return candidates[next];
    },
  };
}

function smooth<T extends Candidate>(candidates: readonly T[]): Picker<T> {
  const credit = new Float64Array(candidates.length);
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  return {
    pick: () => {
      let best = 0;
      for (const [i, { weight }] of candidates.entries()) {
        const grown = (credit[i] ?? 0) + weight;
        credit[i] = grown;
        if (grown > (credit[best] ?? 0)) best = i;
      }
      credit[best] = (credit[best] ?? 0) - total;
      return candidates[best];
    },
  };
}
