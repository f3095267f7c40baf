import { expect, test } from "bun:test";
import { humanDuration } from "./human-duration.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// What kubectl's own function gives for the same ages.
test.each([
  [-5 * second, "<invalid>"],
  [0, "0s"],
  [119 * second, "119s"],
  [2 * minute, "2m"],
  [2 * minute + 1 * second, "2m1s"],
  [9 * minute + 59 * second, "9m59s"],
  [10 * minute + 5 * second, "10m"],
  [179 * minute, "179m"],
  [3 * hour + 12 * minute, "3h12m"],
  [8 * hour + 12 * minute, "8h"],
  [47 * hour, "47h"],
  [48 * hour, "2d"],
  [49 * hour, "2d1h"],
  [8 * day + 3 * hour, "8d"],
  [729 * day, "729d"],
  [730 * day, "2y"],
  [800 * day, "2y70d"],
  [3000 * day, "8y"],
])("%d ms is %s", (ms, expected) => {
  expect(humanDuration(ms)).toBe(expected);
});
