import type { Buffer } from "node:buffer";
import { TOKEN_LOWER } from "#wire/http1/field-name.ts";
import type { DynamicTable } from "./dynamic-table.ts";

/** Places that are looked at from where the hash says. */
const PROBES = 4;
/** Bytes of a value that its hash is made of, at most, besides its length and its last bytes. */
const SAMPLES = 16;

const LONG_AGO = 0x4000_0000;

/** Of name and value. Of a long value only some bytes count: what is found by it is compared. */
export function hashOfField(hash: number, bytes: Buffer, start: number, length: number): number {
  let mixed = Math.imul(hash, 31) + length;
  const step = length <= SAMPLES ? 1 : (length / SAMPLES) | 0;
  const end = start + length;
  for (let at = start; at < end; at += step) mixed = Math.imul(mixed, 31) + (bytes[at] as number);
  if (length > SAMPLES)
    mixed = Math.imul(mixed, 31) + ((bytes[end - 1] as number) ^ ((bytes[end - 2] as number) << 8));
  return Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1) | 0;
}

/** Finds entries of an encoder's table by name and value. Entries that were evicted are forgotten when their place is needed. */
export class ValueIndex {
  readonly #table: DynamicTable;
  /** Numbers of entries. What stands there is checked against the table, so that nothing has to be taken out. */
  #places = new Int32Array(0);
  #mask = 0;

  constructor(table: DynamicTable) {
    this.#table = table;
  }

  /** The age of the entry, 1 for the newest; 0 when there is none. */
  find(
    hash: number,
    name: Buffer,
    nameStart: number,
    nameLength: number,
    keepsCase: boolean,
    value: Buffer,
    valueStart: number,
    valueLength: number,
  ): number {
    const table = this.#table;
    if (table.count === 0) return 0;
    for (let i = 0; i < PROBES; i++) {
      const number = this.#places[(hash + i) & this.#mask] as number;
      const age = (table.next - number) | 0;
      if (age <= 0 || age > table.count) continue;
      const slot = number & table.mask;
      if (
        table.hashes[slot] !== hash ||
        table.nameLengths[slot] !== nameLength ||
        table.valueLengths[slot] !== valueLength
      )
        continue;
      const start = table.starts[slot] as number;
      if (
        isSame(value, valueStart, table.bytes, start + nameLength + 2, valueLength) &&
        isSameName(name, nameStart, table.bytes, start, nameLength, keepsCase)
      )
        return age;
    }
    return 0;
  }

  /** Notes the newest entry of the table, which has that hash. */
  addNewest(hash: number): void {
    const table = this.#table;
    if (this.#places.length < 4 * (table.mask + 1)) {
      // Four places for each entry that the table can have.
      this.#places = new Int32Array(4 * (table.mask + 1));
      this.#mask = this.#places.length - 1;
      const oldest = (table.next - table.count) | 0;
      // Number 0 may be that of an entry: an empty place has one that was long ago.
      this.#places.fill((oldest - LONG_AGO) | 0);
      for (let i = 0; i < table.count; i++) this.#put(oldest + i);
      return;
    }
    this.#put((table.next - 1) | 0, hash);
  }

  #put(number: number, hash = this.#table.hashes[number & this.#table.mask] as number): void {
    let place = hash & this.#mask;
    for (let i = 0; i < PROBES; i++) {
      const candidate = (hash + i) & this.#mask;
      if (this.#table.has(this.#places[candidate] as number)) continue;
      place = candidate;
      break;
    }
    this.#places[place] = number;
  }
}

function isSame(a: Buffer, aStart: number, b: Buffer, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Whether `b` is the name `a`, in lower case unless case is kept. */
export function isSameName(
  a: Buffer,
  aStart: number,
  b: Buffer,
  bStart: number,
  length: number,
  keepsCase: boolean,
): boolean {
  if (keepsCase) return isSame(a, aStart, b, bStart, length);
  for (let i = 0; i < length; i++) {
    const byte = a[aStart + i] as number;
    const lower = TOKEN_LOWER[byte] as number;
    if ((lower === 0 ? byte : lower) !== b[bStart + i]) return false;
  }
  return true;
}
