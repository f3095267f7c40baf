import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { SliceQueue } from "./slice-queue.ts";

const step = fc.oneof(
  fc.record({
    push: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9_000 }),
      fc.integer({ min: 1, max: 80_000 }),
    ),
    from: fc.integer({ min: 0, max: 20 }),
    behind: fc.integer({ min: 0, max: 20 }),
    isCopied: fc.boolean(),
  }),
  fc.record({
    take: fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.constant(Number.POSITIVE_INFINITY)),
  }),
);

test("what goes in comes out, in order, in whatever pieces", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, lends) => {
      const queue = new SliceQueue(lends);
      const other = new SliceQueue(true);
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
          if (it.isCopied) {
            queue.copy(bytes, it.from, it.from + it.push);
            bytes.fill(0xee);
            other.copy(bytes, 0, bytes.length); // of the same pool
            other.take(it.push);
          } else queue.push(bytes, it.from, it.from + it.push);
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
  const queue = new SliceQueue(true);
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

test("what was copied keeps nothing of what it came in, and what is not lent may be kept", () => {
  const queue = new SliceQueue(false);
  queue.copy(Buffer.alloc(500_000, "a"), 10, 20_010);
  queue.copy(Buffer.alloc(500_000, "b"), 10, 20);
  expect(queue.sizeBytes).toBe(20_010);
  queue.take(Number.POSITIVE_INFINITY);
  const kept = queue.bytes.subarray(queue.start, queue.end);
  expect(kept.buffer.byteLength).toBeLessThan(40_000);
  queue.release();
  const other = new SliceQueue(true);
  for (let i = 0; i < 10; i++) other.copy(Buffer.alloc(32_768, "c"), 0, 32_768);
  expect(String(kept)).toBe("a".repeat(20_000));
});

test("memory that is lent goes from one queue to the next", () => {
  const memories = new Set<ArrayBufferLike>();
  for (let i = 0; i < 50; i++) {
    const queue = new SliceQueue(true);
    queue.copy(Buffer.alloc(60_000), 0, 60_000);
    while (queue.sizeBytes > 0) {
      queue.take(16_375);
      memories.add(queue.bytes.buffer);
    }
    queue.release();
  }
  expect(memories.size).toBeLessThan(4);
});
