import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type MapChange, PersistentMap } from "./persistent-map.ts";

const changes = fc.array(
  fc.tuple(fc.string({ maxLength: 3 }), fc.option(fc.nat(9), { nil: undefined })),
  { maxLength: 200 },
);

function applied(
  model: ReadonlyMap<string, number>,
  list: Iterable<MapChange<number>>,
): Map<string, number> {
  const after = new Map(model);
  for (const [key, value] of list)
    if (value === undefined) after.delete(key);
    else after.set(key, value);
  return after;
}

const sorted = (map: ReadonlyMap<string, number>): [string, number][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe("a persistent map", () => {
  test("holds what an ordinary map holds after the same changes", () => {
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const before = PersistentMap.empty<number>().with(first);
        const after = before.with(second);
        const model = applied(new Map(), first);
        expect(sorted(before)).toEqual(sorted(model));
        expect(sorted(after)).toEqual(sorted(applied(model, second)));
        expect(after.size).toBe(applied(model, second).size);
      }),
    );
  });

  test("tells exactly what turned another into it", () => {
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const before = PersistentMap.empty<number>().with(first);
        const after = PersistentMap.empty<number>().with(second);
        const differences = after.changesSince(before);
        const replayed = before.with(differences.map(([key, , is]) => [key, is]));
        expect(sorted(replayed)).toEqual(sorted(after));
        for (const [key, was, is] of differences) {
          expect(was).toBe(before.get(key));
          expect(is).toBe(after.get(key));
          expect(was).not.toBe(is);
        }
      }),
    );
  });

  test("is itself when nothing is different", () => {
    const map = PersistentMap.empty<number>().with([["a", 1]]);
    expect(
      map.with([
        ["a", 1],
        ["b", undefined],
      ]),
    ).toBe(map);
  });
});
