import { expect, test } from "bun:test";
import { judge } from "./run-step.mjs";

const summary = (...lines) => `${lines.join("\n")}\nRan 5 tests across 1 file. [1.00ms]\n`;

test("the totals of a test runner are taken over", () => {
  expect(judge("x", { code: 0 }, summary(" 3 pass", " 0 fail"))).toMatchObject({
    passed: 3,
    failed: 0,
  });
  expect(judge("x", { code: 1 }, summary(" 3 pass", " 2 fail"))).toMatchObject({
    passed: 3,
    failed: 2,
  });
});

test("an error outside of tests, a skipped test and a test to do are failures", () => {
  for (const line of [" 1 error", " 1 skip", " 1 todo"])
    expect(judge("x", { code: 0 }, summary(" 3 pass", line, " 0 fail")).failed).toBe(1);
});

test("a runner that ran nothing, fell silent or died is a failure", () => {
  expect(judge("x", { code: 0 }, summary(" 0 pass", " 0 fail")).failed).toBe(1);
  expect(judge("x", { code: 1 }, "").failed).toBe(1);
  expect(judge("x", { code: null, signal: "SIGKILL" }, summary(" 3 pass")).failed).toBe(1);
});

test("any other program counts as one test", () => {
  expect(judge("x", { code: 0 }, "fine")).toEqual({ passed: 1, failed: 0, reasons: [] });
  expect(judge("x", { code: 3 }, "").reasons).toEqual(["x: exit code 3"]);
});
