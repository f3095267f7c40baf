import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Deadline, TimerWheel } from "./timer-wheel.ts";

function wheelAt(startMs: number) {
  let now = startMs;
  const wheel = new TimerWheel(() => now, 10);
  return {
    wheel,
    pass: (ms: number) => {
      now += ms;
      wheel.advance();
    },
  };
}

describe("a deadline", () => {
  test("expires once, never early, and at most two ticks late", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30_000 }),
        fc.integer({ min: 1, max: 97 }),
        (afterMs, stepMs) => {
          const { wheel, pass } = wheelAt(1_234.5);
          let passed = 0;
          const expiredAt: number[] = [];
          wheel.arm(new Deadline(() => expiredAt.push(passed)), afterMs);
          while (passed < afterMs + 200) {
            passed += stepMs;
            pass(stepMs);
          }
          expect(expiredAt).toHaveLength(1);
          expect(expiredAt[0]).toBeGreaterThanOrEqual(afterMs);
          expect(expiredAt[0]).toBeLessThanOrEqual(afterMs + 20 + stepMs);
          expect(wheel.armed).toBe(0);
        },
      ),
    );
  });

  test("that is cancelled or moved does not expire at its old time", () => {
    const { wheel, pass } = wheelAt(0);
    const expired: string[] = [];
    const moved = new Deadline(() => expired.push("moved"));
    const cancelled = new Deadline(() => expired.push("cancelled"));
    wheel.arm(moved, 50);
    wheel.arm(cancelled, 50);
    wheel.arm(moved, 500);
    wheel.cancel(cancelled);
    wheel.cancel(cancelled);
    pass(100);
    expect(expired).toEqual([]);
    pass(500);
    expect(expired).toEqual(["moved"]);
    expect(moved.isArmed).toBe(false);
  });

  test("may cancel another of the same tick, and arm itself again", () => {
    const { wheel, pass } = wheelAt(0);
    const expired: string[] = [];
    const a = new Deadline(() => {
      expired.push("a");
      wheel.cancel(b);
      if (expired.length < 3) wheel.arm(a, 10);
    });
    const b = new Deadline(() => {
      expired.push("b");
      wheel.cancel(a);
    });
    wheel.arm(a, 10);
    wheel.arm(b, 10);
    for (let i = 0; i < 20; i++) pass(10);
    expect(
      expired.filter((name) => name === "a").length + expired.filter((name) => name === "b").length,
    ).toBe(expired.length);
    expect(expired).toHaveLength(expired.includes("b") ? 1 : 3);
    expect(wheel.armed).toBe(0);
  });

  test("expires after a stall that is longer than the wheel", () => {
    const { wheel, pass } = wheelAt(0);
    let count = 0;
    for (const afterMs of [10, 4_000, 5_200, 60_000])
      wheel.arm(new Deadline(() => count++), afterMs);
    pass(3_600_000);
    expect(count).toBe(4);
  });
});

describe("a wheel that turns by itself", () => {
  const wheelOfTheProcess = () => new TimerWheel(() => performance.now(), 5);
  /** How long it took. `order`: gets the milliseconds that were asked for, when they are over. */
  const expired = (wheel: TimerWheel, afterMs: number, order: number[] = []) => {
    const armedAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<number>();
    const deadline = new Deadline(() => {
      order.push(afterMs);
      resolve(performance.now() - armedAt);
    });
    wheel.arm(deadline, afterMs);
    return promise;
  };

  test("wakes for the earliest, in whatever order they were armed", async () => {
    using wheel = wheelOfTheProcess();
    const order: number[] = [];
    const times = [80, 20, 50];
    const took = await Promise.all(times.map((ms) => expired(wheel, ms, order)));
    for (const [i, ms] of times.entries()) expect(took[i]).toBeGreaterThanOrEqual(ms);
    expect(order).toEqual([20, 50, 80]);
  });

  test("goes on after a deadline was cancelled for which it would have woken", async () => {
    using wheel = wheelOfTheProcess();
    const cancelled = new Deadline(() => {
      throw new Error("it was cancelled");
    });
    wheel.arm(cancelled, 10);
    const other = expired(wheel, 40);
    wheel.cancel(cancelled);
    expect(await other).toBeGreaterThanOrEqual(40);
    expect(await expired(wheel, 10)).toBeGreaterThanOrEqual(10);
  });

  test("finds one that is due among many that are not, and one that is rounds away", async () => {
    using wheel = wheelOfTheProcess();
    const idle = Array.from({ length: 2_000 }, () => new Deadline(() => undefined));
    for (const [i, deadline] of idle.entries()) wheel.arm(deadline, 60_000 + i * 7);
    const far = expired(wheel, 2_600); // a round has 512 ticks
    expect(await expired(wheel, 30)).toBeGreaterThanOrEqual(30);
    expect(await far).toBeGreaterThanOrEqual(2_600);
    expect(wheel.armed).toBe(idle.length);
  });
});
