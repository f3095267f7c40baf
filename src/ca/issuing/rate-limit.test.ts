import { expect, test } from "bun:test";
import { RateLimit } from "./rate-limit.ts";

const isTaken = (limit: RateLimit, caller: string, nowMs: number): boolean => {
  try {
    limit.take(caller, nowMs);
    return true;
  } catch {
    return false;
  }
};

test("a caller has its burst, then its rate, and takes nothing from another", () => {
  const limit = new RateLimit({ burst: 3, perSecond: 2, callersMax: 10 });
  const taken = (nowMs: number) => [1, 2, 3, 4].filter(() => isTaken(limit, "a", nowMs)).length;
  expect(taken(0)).toBe(3);
  expect(taken(100)).toBe(0);
  expect(isTaken(limit, "b", 100)).toBe(true);
  expect(taken(1000)).toBe(2);
  expect(taken(1e9)).toBe(3);
});

test("refused requests do not make the wait longer", () => {
  const limit = new RateLimit({ burst: 1, perSecond: 1, callersMax: 10 });
  expect(isTaken(limit, "a", 0)).toBe(true);
  for (let nowMs = 0; nowMs < 1000; nowMs += 10) expect(isTaken(limit, "a", nowMs)).toBe(false);
  expect(isTaken(limit, "a", 1000)).toBe(true);
});

test("the caller that was quiet longest is forgotten first", () => {
  const limit = new RateLimit({ burst: 1, perSecond: 0, callersMax: 2 });
  for (const caller of ["a", "b"]) limit.take(caller, 0);
  expect(isTaken(limit, "a", 1)).toBe(false);
  limit.take("c", 2);
  expect(isTaken(limit, "a", 3)).toBe(false);
  expect(isTaken(limit, "b", 4)).toBe(true);
});
