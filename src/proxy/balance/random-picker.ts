import type { Candidate, Picker } from "./picker.ts";
import { weightedDraw } from "./weights.ts";

export function randomPicker<T extends Candidate>(candidates: readonly T[]): Picker<T> {
  const draw = weightedDraw(candidates);
  return { pick: (random) => candidates[draw(random)] };
}
