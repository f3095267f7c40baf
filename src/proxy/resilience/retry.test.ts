import { describe, expect, test } from "bun:test";
import type { RetryPolicy } from "#config/route.ts";
import { isSafeMethod, mayReplay, type TryOutcome, wantsRetry } from "./retry.ts";
import { retriesWithin } from "./retry-budget.ts";

const defaults: RetryPolicy = {
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  statusCodes: [],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  hostSelectionAttempts: 5,
  explicit: false,
};
const asked = (on: string[], statusCodes: number[] = []): RetryPolicy => ({
  ...defaults,
  on,
  statusCodes,
  explicit: true,
});
const failure = (
  code: Extract<TryOutcome, { kind: "failure" }>["code"],
  unsent = false,
): TryOutcome => ({
  kind: "failure",
  code,
  unsent,
});
const status = (code: number, grpcStatus?: string): TryOutcome => ({
  kind: "response",
  status: code,
  grpcStatus,
});

describe("without the user's wish", () => {
  test("a request that never reached an application is tried again, whatever its method", () => {
    expect(wantsRetry(defaults, failure("upstream-connect-refused", true), false)).toBe(true);
    expect(wantsRetry(defaults, failure("upstream-closed", true), false)).toBe(true);
  });
  test("a request that may have reached it is not", () => {
    expect(wantsRetry(defaults, failure("upstream-closed"), false)).toBe(false);
    expect(wantsRetry(defaults, failure("upstream-closed"), true)).toBe(false);
    expect(wantsRetry(defaults, status(503), true)).toBe(false);
  });
  test("an answer of gRPC's UNAVAILABLE is tried again only for what may be repeated", () => {
    expect(wantsRetry(defaults, status(200, "14"), false)).toBe(false);
    expect(wantsRetry(defaults, status(200, "14"), true)).toBe(true);
  });
});

describe("with the user's wish", () => {
  test.each([
    [["5xx"], status(500), true],
    [["5xx"], status(404), false],
    [["gateway-error"], status(500), false],
    [["gateway-error"], status(503), true],
    [["retriable-4xx"], status(409), true],
    [["reset"], failure("upstream-reset"), true],
    [["connect-failure"], failure("upstream-reset"), false],
    [["5xx"], failure("per-try-timeout"), true],
    [["5xx"], failure("circuit-open"), false],
    [["reset-before-request"], failure("upstream-closed", true), true],
  ])("%j meets %j: %s", (on, outcome, expected) => {
    expect(wantsRetry(asked(on), outcome, false)).toBe(expected);
  });
  test("the statuses that they listed are tried again", () => {
    expect(wantsRetry(asked(["retriable-status-codes"], [418]), status(418), false)).toBe(true);
    expect(wantsRetry(asked(["retriable-status-codes"], [418]), status(500), false)).toBe(false);
  });
});

test("the budget allows a share of active requests and always a few", () => {
  const budget = { percent: 20, minConcurrency: 3 };
  expect(retriesWithin(budget, undefined, 1)).toBe(3);
  expect(retriesWithin(budget, undefined, 100)).toBe(20);
  expect(retriesWithin(budget, undefined, 101)).toBe(21);
  expect(retriesWithin(budget, 1, 100)).toBe(1);
});

test("methods that change nothing are safe", () => {
  expect(
    ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "DELETE", "get"].filter(isSafeMethod),
  ).toEqual(["GET", "HEAD", "OPTIONS", "TRACE"]);
});

describe("beside the rules of retries, a request goes out anew", () => {
  test.each([
    [
      "when its idle connection was closed and it may be repeated",
      "upstream-closed-idle",
      false,
      true,
    ],
    ["when it was not sent on the connection that was closed", "upstream-closed", true, false],
    ["when its endpoint has left", "no-healthy-upstream", true, false],
  ] as const)("%s, twice", (_, code, unsent, mayRepeat) => {
    const asked = [0, 1, 2].map((replays) => mayReplay(code, unsent, mayRepeat, replays));
    expect(asked).toEqual([true, true, false]);
  });

  test.each([
    ["that may have been acted on", "upstream-closed-idle", false, false],
    ["that was sent", "upstream-reset", false, true],
    ["that was refused", "upstream-connect-refused", true, true],
  ] as const)("but none %s", (_, code, unsent, mayRepeat) => {
    expect(mayReplay(code, unsent, mayRepeat, 0)).toBe(false);
  });
});
