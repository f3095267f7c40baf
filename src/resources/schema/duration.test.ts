import { expect, test } from "bun:test";
import { parseDuration } from "./duration.ts";

test.each([
  ["1.5s", 1500],
  ["500ms", 500],
  ["1h30m", 5_400_000],
  ["0s", 0],
  ["0", 0],
  [".5s", 500],
  ["1us", 0.001],
  ["2.s", 2000],
  ["", undefined],
  ["5", undefined],
  ["-1s", undefined],
  ["1d", undefined],
  ["1 s", undefined],
  ["s", undefined],
  ["99999999999999999999h", undefined],
])("%p is %p milliseconds", (text, ms) => {
  expect(parseDuration(text)).toBe(ms as number);
});
