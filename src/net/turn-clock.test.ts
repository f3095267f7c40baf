import { expect, spyOn, test } from "bun:test";
import { flushAtEndOfTurn, turn } from "./flush-turn.ts";
import { TurnClock } from "./turn-clock.ts";

function clockAt() {
  const state = { ms: 5, reads: 0 };
  const clock = new TurnClock({
    monotonicMs: () => {
      state.reads++;
      return state.ms;
    },
    wallMs: () => state.ms,
  });
  return { state, clock };
}

test("the time stands still while one event is served, and goes on with the next", () => {
  const { state, clock } = clockAt();
  expect(clock.monotonicMs()).toBe(5);
  state.ms = 9;
  expect(clock.monotonicMs()).toBe(5);
  expect(clock.wallMs()).toBe(9);
  turn.number++;
  expect(clock.monotonicMs()).toBe(9);
  expect(state.reads).toBe(2);
});

test("the time goes on with every turn of the event loop, also when no socket has an event", async () => {
  const { state, clock } = clockAt();
  for (let ms = 10; ms < 14; ms++) {
    state.ms = ms;
    expect(clock.monotonicMs()).toBe(ms);
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 1);
    await promise;
  }
});

test("a look at the end of a turn, or in what it has queued, asks for no further turn, and goes stale with it", async () => {
  const { state, clock } = clockAt();
  const flushes = spyOn(clock, "flush");
  const seen: number[] = [];
  const look = (): number => seen.push(clock.monotonicMs());
  const { promise, resolve } = Promise.withResolvers<void>();
  flushAtEndOfTurn({
    flush() {
      look();
      queueMicrotask(() => {
        look();
        state.ms = 6;
        setTimeout(resolve, 1);
      });
    },
  });
  await promise;
  expect(flushes).not.toHaveBeenCalled();
  look();
  expect(seen).toEqual([5, 5, 6]);
});
