import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { WriteQueue } from "./write-queue.ts";

function drain(queue: WriteQueue): Buffer[] {
  const segments: Buffer[] = [];
  for (let segment = queue.shift(); segment; segment = queue.shift()) segments.push(segment);
  return segments;
}

describe("a queue of writes", () => {
  test("joins small pieces into one", () => {
    const queue = new WriteQueue();
    queue.push("HTTP/1.1 200 OK\r\n");
    queue.push(Buffer.from("\r\n"));
    queue.push(Buffer.alloc(1000, "x"));
    expect(drain(queue).map(String)).toEqual([`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(1000)}`]);
  });

  test("copies what is small and keeps what is large", () => {
    const queue = new WriteQueue();
    const small = Buffer.from("small");
    const large = Buffer.alloc(100_000);
    queue.push(small);
    queue.push(large);
    small.fill("!");
    const [first, second] = drain(queue);
    expect(String(first)).toBe("small");
    expect(second).toBe(large);
  });

  test("copies ranges of any size, since whoever encodes uses the same memory for the next", () => {
    const queue = new WriteQueue();
    const scratch = Buffer.alloc(50_000, "a");
    queue.pushRange(scratch, 0, 40_000);
    scratch.fill("b");
    queue.pushRange(scratch, 0, 5);
    scratch.fill("c");
    expect(Buffer.concat(drain(queue)).toString()).toBe(`${"a".repeat(40_000)}bbbbb`);
  });

  test("is one segment up to the size of a batch, however it has grown", () => {
    const queue = new WriteQueue();
    for (let i = 0; i < 30; i++) queue.push(Buffer.alloc(1_000, i));
    const [segment, ...more] = drain(queue);
    expect(more).toEqual([]);
    for (let i = 0; i < 30; i++)
      expect(segment?.subarray(i * 1_000, (i + 1) * 1_000)).toEqual(Buffer.alloc(1_000, i));
  });

  test("does not take a batch back of which a part was handed out, when it grows", () => {
    const queue = new WriteQueue();
    queue.push("first");
    const first = queue.shift();
    queue.push(Buffer.alloc(8_000, "x"));
    const other = new WriteQueue();
    other.push("other");
    expect(String(first)).toBe("first");
    expect(drain(queue).map((segment) => segment.length)).toEqual([8_000]);
  });

  test("does not write over segments that were handed out before they are released", () => {
    const queue = new WriteQueue();
    queue.push("first");
    const first = queue.shift();
    queue.push("second");
    const second = queue.shift();
    expect([String(first), String(second)]).toEqual(["first", "second"]);
    const other = new WriteQueue();
    other.push("other");
    expect(String(first)).toBe("first");
    queue.release();
  });

  test("yields the bytes that were pushed, in their order, whatever their sizes", () => {
    const piece = fc.oneof(
      fc.nat({ max: 100 }),
      fc.nat({ max: 20_000 }),
      fc.constantFrom(0, 16_383, 16_384, 32_768, 40_000),
    );
    const step = fc.oneof(
      fc.record({ size: piece, isText: fc.boolean() }),
      fc.constant("shift" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new WriteQueue();
        const pushed: Buffer[] = [];
        const taken: Buffer[] = [];
        for (const [i, each] of steps.entries()) {
          if (each === "shift") taken.push(queue.shift() ?? Buffer.alloc(0));
          else {
            const bytes = Buffer.alloc(each.size, i + 1);
            pushed.push(Buffer.from(bytes));
            queue.push(each.isText ? bytes.toString("latin1") : bytes);
          }
        }
        taken.push(...drain(queue));
        expect(Buffer.concat(taken).equals(Buffer.concat(pushed))).toBe(true);
        expect(queue.sizeBytes).toBe(0);
        queue.release();
      }),
    );
  });

  test("writes to sockets that take what they like, although all share the memory of batches", () => {
    const size = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 20_000 }), fc.nat({ max: 90_000 }));
    const step = fc.record({
      queue: fc.nat({ max: 2 }),
      do: fc.oneof(
        fc.record({ push: size, as: fc.constantFrom("text", "bytes", "range") }),
        fc.record({ takes: fc.array(size, { maxLength: 6 }) }),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queues = [0, 1, 2].map(() => ({
          ...{ queue: new WriteQueue(), pushed: [] as Buffer[], written: [] as Buffer[] },
        }));
        for (const [i, each] of steps.entries()) {
          const one = queues[each.queue];
          if (one === undefined) continue;
          const { queue, pushed, written } = one;
          if ("push" in each.do) {
            const bytes = Buffer.alloc(each.do.push, i + 1);
            pushed.push(bytes);
            if (each.do.as === "text") queue.push(bytes.toString("latin1"));
            else if (each.do.as === "bytes") queue.push(bytes);
            else
              queue.pushRange(
                Buffer.concat([Buffer.of(0), bytes, Buffer.of(0)]),
                1,
                bytes.length + 1,
              );
          } else writeSome(queue, written, each.do.takes);
        }
        for (const { queue, pushed, written } of queues) {
          writeSome(queue, written);
          expect(Buffer.concat(written).equals(Buffer.concat(pushed))).toBe(true);
          expect(queue.sizeBytes).toBe(0);
        }
      }),
    );
  });

  test("allocates nothing for what goes through it, however much", () => {
    const queue = new WriteQueue();
    const memories = new Set<ArrayBufferLike>();
    for (let i = 0; i < 50; i++) {
      queue.pushRange(Buffer.alloc(100_000), 0, 100_000);
      while (queue.next()) memories.add(queue.bytes.buffer);
      queue.release();
    }
    expect(memories.size).toBeLessThanOrEqual(5);
  });
});

/** A socket that takes so many bytes of each segment, then is full; without `takes` it takes everything. */
function writeSome(queue: WriteQueue, written: Buffer[], takes?: readonly number[]): void {
  const left = takes?.slice();
  for (;;) {
    const taken = left === undefined ? Number.POSITIVE_INFINITY : (left.shift() ?? 0);
    if (!queue.next()) break;
    const count = Math.min(taken, queue.length);
    written.push(Buffer.from(queue.bytes.subarray(queue.from, queue.from + count)));
    if (count < queue.length) {
      queue.keepFrom(count);
      return;
    }
  }
  queue.release();
}
