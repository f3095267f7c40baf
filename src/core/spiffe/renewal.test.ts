import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { planRenewal, renewAtMs, renewalRetryMs } from "./renewal.ts";

const DAY = 86_400_000;
const held = (random: number, obtainedAtMs = 120_000) => {
  const validity = { notBeforeMs: 0, notAfterMs: DAY };
  return { ...validity, renewAtMs: renewAtMs(validity, random), obtainedAtMs };
};

describe("renewal", () => {
  test("is due at half of the life, one hundredth earlier or later", () => {
    expect(held(0).renewAtMs).toBeCloseTo(DAY * 0.49);
    expect(held(0.5).renewAtMs).toBe(DAY / 2);
    expect(held(1).renewAtMs).toBeCloseTo(DAY * 0.51);
  });

  test("waits in pieces of at most a minute until it is due", () => {
    expect(planRenewal(held(0.5), 200_000)).toEqual({ kind: "wait", delayMs: 60_000 });
    expect(planRenewal(held(0.5), DAY / 2 - 10)).toEqual({ kind: "wait", delayMs: 10 });
    expect(planRenewal(held(0.5), DAY / 2)).toEqual({ kind: "renew" });
  });

  test("happens at once when the clock jumped past the moment or back before the beginning", () => {
    expect(planRenewal(held(0.5), 400 * DAY)).toEqual({ kind: "renew" });
    expect(planRenewal(held(0.5), -DAY)).toEqual({ kind: "renew" });
  });

  test("keeps a distance while our clock and the CA's disagree for good", () => {
    for (const nowMs of [-DAY, 30 * DAY]) {
      expect(planRenewal(held(0.5, nowMs), nowMs)).toEqual({ kind: "wait", delayMs: 60_000 });
      expect(planRenewal(held(0.5, nowMs), nowMs + 60_000)).toEqual({ kind: "renew" });
    }
  });

  test("whatever the clocks say, gives a step with a sane delay", () => {
    const ms = fc.integer({ min: -1e14, max: 1e14 });
    fc.assert(
      fc.property(ms, fc.integer({ min: 1, max: 1e10 }), ms, ms, (start, life, got, nowMs) => {
        const validity = { notBeforeMs: start, notAfterMs: start + life };
        const all = { ...validity, renewAtMs: renewAtMs(validity, 0.3), obtainedAtMs: got };
        const step = planRenewal(all, nowMs);
        return step.kind === "renew" || (step.delayMs >= 1 && step.delayMs <= 60_000);
      }),
    );
  });

  test("is tried again after pauses that double up to 15 s", () => {
    expect([0, 1, 2, 10, 1e9].map((failures) => renewalRetryMs(failures, 1))).toEqual([
      500, 1000, 2000, 15_000, 15_000,
    ]);
    expect(renewalRetryMs(10, 0)).toBe(7500);
  });
});
