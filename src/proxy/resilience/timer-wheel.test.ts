import { expect, test } from "bun:test";
import fc from "fast-check";
import { TimerWheel, WheelTimer } from "./timer-wheel.ts";

test("a timer fires once, not before its time and at most one tick after it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1 }), (delays) => {
      const wheel = new TimerWheel(0, 10, 64);
      const firedAt = delays.map(() => -1);
      let now = 3;
      for (const [i, delay] of delays.entries())
        wheel.start(new WheelTimer(() => (firedAt[i] = now)), delay, 3);
      for (; wheel.running > 0; now += 7) wheel.advance(now);
      return delays.every((delay, i) => {
        const late = (firedAt[i] ?? 0) - (delay + 3);
        return late >= 0 && late <= 10 + 7 + 10;
      });
    }),
    { numRuns: 50 },
  );
});

test("a stopped timer does not fire, and can be started again", () => {
  const wheel = new TimerWheel(0);
  let fired = 0;
  const timer = new WheelTimer(() => fired++);
  wheel.start(timer, 50, 0);
  wheel.stop(timer);
  wheel.stop(timer);
  wheel.advance(1_000);
  expect(fired).toBe(0);
  wheel.start(timer, 50, 1_000);
  wheel.advance(1_049);
  expect(fired).toBe(0);
  wheel.advance(1_060);
  expect(fired).toBe(1);
  expect(wheel.running).toBe(0);
});

test("a timer that stops another of the same tick keeps it from firing", () => {
  const wheel = new TimerWheel(0);
  const fired: string[] = [];
  const timers: WheelTimer[] = [];
  for (const name of ["a", "b"])
    timers.push(
      new WheelTimer(() => {
        fired.push(name);
        for (const timer of timers) wheel.stop(timer);
      }),
    );
  for (const timer of timers) wheel.start(timer, 20, 0);
  wheel.advance(100);
  expect(fired).toHaveLength(1);
});

test("a long pause of the process fires what became due meanwhile", () => {
  const wheel = new TimerWheel(0, 10, 8);
  let fired = 0;
  for (const delay of [10, 500, 5_000]) wheel.start(new WheelTimer(() => fired++), delay, 0);
  wheel.advance(60_000);
  expect(fired).toBe(3);
});
