import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { SliceQueue } from "./slice-queue.ts";

const step = fc.oneof(
  fc.record({
    push: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9_000 })),
    from: fc.integer({ min: 0, max: 20 }),
    behind: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({
    take: fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.constant(Number.POSITIVE_INFINITY)),
  }),
);

test("what goes in comes out, in order, in whatever pieces", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const queue = new SliceQueue();
      let next = 0;
      let waiting: number[] = [];
      for (const it of steps) {
        if ("push" in it) {
          const bytes = Buffer.alloc(it.from + it.push + it.behind, 0xff);
          for (let i = 0; i < it.push; i++) {
            bytes[it.from + i] = next % 251;
            waiting.push(next % 251);
            next++;
          }
          queue.push(bytes, it.from, it.from + it.push);
        } else if (queue.sizeBytes > 0) {
          const count = queue.take(it.take);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(it.take);
          expect([...queue.bytes.subarray(queue.start, queue.end)]).toEqual(
            waiting.slice(0, count),
          );
          queue.release();
          waiting = waiting.slice(count);
        }
        expect(queue.sizeBytes).toBe(waiting.length);
      }
    }),
  );
});

test("many small pieces are held together, and keep nothing of what they came in", () => {
  const queue = new SliceQueue();
  for (let i = 0; i < 1_000; i++) queue.push(Buffer.alloc(100_000, i % 251), 50, 51);
  let seen = 0;
  const memories = new Set<ArrayBufferLike>();
  while (queue.sizeBytes > 0) {
    const count = queue.take(Number.POSITIVE_INFINITY);
    memories.add(queue.bytes.buffer);
    for (let i = 0; i < count; i++) expect(queue.bytes[queue.start + i]).toBe(seen++ % 251);
  }
  expect(seen).toBe(1_000);
  expect(memories.size).toBeLessThan(12);
});
