import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { TextMemory } from "./text-memory.ts";

const textOf = (memory: TextMemory, text: string): string => {
  const bytes = Buffer.from(`ab${text}cd`, "latin1");
  return memory.text(bytes, 2, bytes.length - 2);
};

describe("a memory of texts", () => {
  test("gives what stands there, whatever was asked before", () => {
    const texts = fc.array(
      fc.string({
        unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 140,
      }),
    );
    fc.assert(
      fc.property(texts, (all) => {
        const memory = new TextMemory(2);
        for (const text of [...all, ...all]) expect(textOf(memory, text)).toBe(text);
      }),
    );
  });
  test("finds only what it was asked for", () => {
    const memory = new TextMemory(8);
    const bytes = Buffer.from("example", "latin1");
    expect(memory.find(bytes, 0, 7)).toBeUndefined();
    memory.text(bytes, 0, 7);
    expect(memory.find(bytes, 0, 7)).toBe("example");
    expect(memory.find(bytes, 0, 6)).toBeUndefined();
    expect(memory.find(bytes, 3, 3)).toBeUndefined();
  });
});
