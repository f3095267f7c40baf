import { expect, test } from "bun:test";
import fc from "fast-check";
import { latin1Slice } from "#wire/http1/latin1.ts";
import { DynamicTable } from "./dynamic-table.ts";

/** The RFC's table: newest first. */
class Model {
  entries: { name: string; value: string }[] = [];
  maxBytes = 0;

  get sizeBytes(): number {
    return this.entries.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
  }

  insert(name: string, value: string): void {
    this.entries.unshift({ name, value });
    this.resize(this.maxBytes);
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    while (this.sizeBytes > maxBytes) this.entries.pop();
  }
}

function entriesOf(table: DynamicTable): Model["entries"] {
  return Array.from({ length: table.count }, (_, age) => {
    const slot = (table.next - 1 - age) & table.mask;
    const start = table.starts[slot] ?? 0;
    const nameLength = table.nameLengths[slot] ?? 0;
    const valueLength = table.valueLengths[slot] ?? 0;
    const line = latin1Slice(table.bytes, start, start + nameLength + valueLength + 4);
    const name = line.slice(0, nameLength);
    const value = line.slice(nameLength + 2, -2);
    expect(line).toBe(`${name}: ${value}\r\n`);
    expect(table.hashes[slot]).toBe(name.length * 1_000 + value.length);
    return { name, value };
  });
}

const insertion = fc.record({
  name: fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 }),
  value: fc.oneof(
    fc.string({ unit: fc.constantFrom("x", "y"), maxLength: 40 }),
    fc.nat({ max: 300 }).map((length) => "v".repeat(length)),
  ),
});
const size = fc.constantFrom(0, 31, 32, 33, 64, 100, 200, 256, 300, 1_000, 5_000);

test("the table does what the RFC says, whatever is inserted and however it is resized", () => {
  fc.assert(
    fc.property(
      size,
      fc.array(fc.oneof({ weight: 6, arbitrary: insertion }, size)),
      (first, steps) => {
        const table = new DynamicTable(first);
        const model = new Model();
        model.resize(first);
        for (const step of steps) {
          if (typeof step === "number") {
            table.resize(step);
            model.resize(step);
          } else {
            const { name, value } = step;
            const line = Buffer.from(`${name}: ${value}\r\n`);
            const hash = name.length * 1_000 + value.length;
            table.insert(line, 0, name.length, value.length, hash, 0);
            model.insert(name, value);
          }
          expect(table.sizeBytes).toBe(model.sizeBytes);
          expect(entriesOf(table)).toEqual(model.entries);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("numbers of entries go on beyond 32 bits", () => {
  const table = new DynamicTable(200);
  table.next = 0x7fff_fffe;
  const line = Buffer.from("a: b\r\n");
  for (let i = 0; i < 8; i++) {
    const number = table.next;
    table.insert(line, 0, 1, 1, 1_001, 0);
    expect(table.has(number)).toBe(true);
    expect(entriesOf(table)).toHaveLength(Math.min(i + 1, 5));
  }
  expect(table.next).toBe((0x7fff_fffe + 8) | 0);
});
