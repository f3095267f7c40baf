import { edenGC, fullGC, heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Place, Roster } from "./roster.ts";

test("it holds what was added and not removed, once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 200 }), (steps) => {
      const roster = new Roster<number>();
      const places: Place<number>[] = [];
      const present = new Set<number>();
      steps.forEach((step, count) => {
        // Half of the steps add; the others remove, sometimes again.
        const place = places[step];
        if (step % 2 === 0 || place === undefined) {
          places.push(roster.add(count));
          present.add(count);
        } else expect(roster.remove(place)).toBe(present.delete(place.value));
        expect(roster.size).toBe(present.size);
        expect(new Set(roster.values())).toEqual(present);
      });
    }),
  );
});

test("members may leave while all are gone through", () => {
  const roster = new Roster<number>();
  const places = Array.from({ length: 100 }, (_, index) => roster.add(index));
  for (const value of roster.values()) roster.remove(places[value] as Place<number>);
  expect(roster.size).toBe(0);
});

test("what has left is freed with the young objects", () => {
  const roster = new Roster<Int32Array>();
  const waiting: Place<Int32Array>[] = [];
  const turn = (): void => {
    waiting.push(roster.add(new Int32Array(8)));
    if (waiting.length > 64) roster.remove(waiting.shift() as Place<Int32Array>);
  };
  const held = (): number => heapStats().objectTypeCounts.Int32Array ?? 0;
  for (let count = 0; count < 100_000; count++) turn();
  fullGC();
  const before = held();
  for (let count = 0; count < 3_000; count++) turn();
  edenGC();
  expect(held() - before).toBeLessThan(300); // a Set keeps a thousand
});
