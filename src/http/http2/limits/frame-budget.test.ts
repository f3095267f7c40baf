import { expect, test } from "bun:test";
import { turn } from "#net/flush-turn.ts";
import { FLOOD_LIMITS } from "./flood-limits.ts";
import { FrameBudget } from "./frame-budget.ts";

const NO_DATA = -1;

/** How many such frames are read before the rest has to wait. */
function readAtOnce(budget: FrameBudget, dataLength: number): number {
  for (let frames = 1; frames <= 1_000; frames++) if (!budget.count(dataLength)) return frames;
  throw new Error("there is no end to it");
}

test.each([
  ["that carry no data", NO_DATA, 240],
  ["of one byte of data, each of which may be a write", 1, 60],
  ["of 16 KB of data", 16 * 1024, 12],
])("frames %s wait for the next turn when there were many", (_, dataLength, frames) => {
  const budget = new FrameBudget(FLOOD_LIMITS.costPerTurn);
  expect(readAtOnce(budget, dataLength)).toBe(frames);
  expect(budget.count(dataLength)).toBe(false);
  budget.renew();
  expect(readAtOnce(budget, dataLength)).toBe(frames);
  turn.number++;
  expect(readAtOnce(budget, dataLength)).toBe(frames);
});
