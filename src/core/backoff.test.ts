import { expect, test } from "bun:test";
import { backoffMs } from "./backoff.ts";

const options = { baseMs: 100, maxMs: 5_000 };

test("steps double from the base up to the maximum", () => {
  const most = (attempt: number) => backoffMs(attempt, options, () => 1);
  expect([0, 1, 2, 3, 10, 1_000].map(most)).toEqual([100, 200, 400, 800, 5_000, 5_000]);
});

test("jitter never waits less than half a step", () => {
  expect(backoffMs(2, options, () => 0)).toBe(200);
  expect(backoffMs(500, options, () => 0)).toBe(2_500);
});

test("a negative attempt counts as the first", () => {
  expect(backoffMs(-4, options, () => 1)).toBe(100);
});
