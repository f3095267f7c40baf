import type { Candidate } from "./picker.ts";

/** Draws an index with the probability of its weight. */
export type Draw = (random: () => number) => number;

export function areEqual(candidates: readonly Candidate[]): boolean {
  return candidates.every(({ weight }) => weight === candidates[0]?.weight);
}

/** A binary search over running sums; equal weights need none. */
export function weightedDraw(candidates: readonly Candidate[]): Draw {
  const { length } = candidates;
  if (areEqual(candidates)) return (random) => Math.floor(random() * length);
  const sums = new Float64Array(length);
  let total = 0;
  for (const [i, { weight }] of candidates.entries()) sums[i] = total += weight;
  return (random) => {
    const point = random() * total;
    let low = 0;
    let high = length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
