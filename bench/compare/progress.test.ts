import { expect, test } from "bun:test";
import { durationText, Progress } from "./progress.ts";

function watched(totalSeconds: number) {
  const lines: string[] = [];
  let nowMs = 0;
  const progress = new Progress({
    totalSeconds,
    say: (line) => void lines.push(line),
    now: () => nowMs,
  });
  return {
    progress,
    lines,
    pass: (seconds: number): void => {
      nowMs += seconds * 1_000;
    },
  };
}

test("what is left follows the plan while the machine keeps its pace", () => {
  const { progress, pass } = watched(100);
  pass(40);
  progress.add(40, "a");
  expect(progress.leftSeconds).toBe(60);
});

test("a machine that is twice as slow is believed", () => {
  const { progress, pass } = watched(1_000);
  pass(800);
  progress.add(400, "a");
  expect(progress.leftSeconds).toBeCloseTo(600 * (810 / 410));
});

test("it speaks every few seconds, and at once when there is news", () => {
  const { progress, lines, pass } = watched(100);
  progress.add(1, "first");
  pass(1);
  progress.add(1, "too soon");
  progress.add(1, "news", true);
  pass(6);
  progress.add(1, "later");
  expect(lines.map((line) => line.split(": ")[1])).toEqual(["first", "news", "later"]);
});

test("durations are in seconds, then in minutes", () => {
  expect([durationText(12.4), durationText(90)]).toEqual(["12 s", "1.5 min"]);
});
