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
});
