import { expect, test } from "bun:test";
import { type NewCondition, readConditions, setCondition } from "./status.ts";

const accepted: NewCondition = { type: "Accepted", status: "True", reason: "Valid", message: "" };

test("a condition's time changes only with its status", () => {
  const first = setCondition([], accepted, "2026-01-01T00:00:00Z");
  const same = setCondition(first, { ...accepted, message: "again" }, "2026-01-02T00:00:00Z");
  expect(same).toEqual([
    { ...accepted, message: "again", lastTransitionTime: "2026-01-01T00:00:00Z" },
  ]);
  const other = setCondition(same, { ...accepted, status: "False" }, "2026-01-03T00:00:00Z");
  expect(other[0]?.lastTransitionTime).toBe("2026-01-03T00:00:00Z");
});

test("other conditions stay", () => {
  const live: NewCondition = { ...accepted, type: "Live", observedGeneration: 2 };
  const both = setCondition(setCondition([], accepted, "t1"), live, "t2");
  expect(both.map(({ type }) => type)).toEqual(["Accepted", "Live"]);
});

test("what has not the form of a condition is not read", () => {
  const whole = { ...accepted, lastTransitionTime: "t" };
  expect(readConditions({ conditions: [whole, { type: "A" }, null, 1] })).toEqual([whole]);
  expect(readConditions(undefined)).toEqual([]);
  expect(readConditions({ conditions: "a" })).toEqual([]);
});
