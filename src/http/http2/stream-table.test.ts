import { edenGC, fullGC, heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Http2Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

const streamOf = (id: number): Http2Stream =>
  ({ id, marked: new Int32Array(8) }) as unknown as Http2Stream;

const ids = (table: StreamTable): number[] =>
  table
    .values()
    .map(({ id }) => id)
    .toSorted((a, b) => a - b);

test("it is a map, whatever numbers come and go", () => {
  // Few slots apart, many rounds apart, and anything up to the highest number of a stream.
  const id = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 9 }).map((n) => n * 64 + 1),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  );
  fc.assert(
    fc.property(fc.array(fc.record({ id, isAdded: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const table = new StreamTable();
      const model = new Map<number, Http2Stream>();
      for (const { id, isAdded } of steps) {
        if (!isAdded) {
          table.delete(id);
          model.delete(id);
        } else if (!model.has(id)) {
          const stream = streamOf(id);
          table.add(stream);
          model.set(id, stream);
        }
        expect(table.size).toBe(model.size);
        expect(table.get(id)).toBe(model.get(id));
      }
      for (const [id, stream] of model) expect(table.get(id)).toBe(stream);
      expect(ids(table)).toEqual([...model.keys()].toSorted((a, b) => a - b));
    }),
  );
});

test("streams may end while all of them are gone through", () => {
  const table = new StreamTable();
  for (let id = 1; id < 400; id += 2) table.add(streamOf(id));
  for (const { id } of table.values()) table.delete(id);
  expect(table.size).toBe(0);
  expect(table.values()).toEqual([]);
});

test("a cleared table is as a new one", () => {
  const table = new StreamTable();
  for (let id = 1; id < 100; id += 2) table.add(streamOf(id));
  table.clear();
  expect([table.size, table.get(1), table.values()]).toEqual([0, undefined, []]);
});

test("what is over is freed with the young objects", () => {
  const table = new StreamTable();
  let id = 1;
  const turn = (): void => {
    table.add(streamOf(id));
    table.delete(id - 128);
    id += 2;
  };
  const marked = (): number => heapStats().objectTypeCounts.Int32Array ?? 0;
  while (id < 200_000) turn();
  fullGC();
  const before = marked();
  for (let count = 0; count < 3_000; count++) turn();
  edenGC();
  expect(marked() - before).toBeLessThan(300); // 64 of which are in the table; a Map keeps 1,024
});
