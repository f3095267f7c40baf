import { Buffer } from "node:buffer";
import { FLAG } from "#wire/hpack/field-flags.ts";
import { hashOf } from "#wire/http1/field-name.ts";
import { FieldBlock, type Fields, KNOWN, STRIDE } from "#wire/http1/head.ts";
import { latin1Slice, latin1Write } from "#wire/http1/latin1.ts";

/** Lines grow to the right from here, the first line of the head to the left: pseudo-fields come in any order. */
export const FRONT = 65_536;
export const LINES_CAP = 1_000;
const HOST_HASH = hashOf("host");
const COOKIE_HASH = hashOf("cookie");
/** Below this many bytes a loop is faster than a call of `copy`. */
const SHORT_COPY = 24;

/** Pages of it are used as far as heads are long. One for all: decoding is synchronous. */
const WORK = Buffer.allocUnsafeSlow(FRONT + 65_536 + 16_384);
const offsets = new Int32Array(LINES_CAP * STRIDE);

/** Heads lie in these one behind the other: a buffer for each would cost more than the copy. A long one has its own. */
const SLAB_BYTES = 8_192;
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabAt = 0;
const block = new FieldBlock();

/** Finds room in `slab`; returns where it begins. */
function claim(count: number): number {
  if (slabAt + count > slab.length) {
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, count));
    slabAt = 0;
  }
  const at = slabAt;
  slabAt += count;
  return at;
}

/** A head in HTTP/1 form while it is put together, in memory that is used again for the next. */
export class HeadLines {
  bytes: Buffer = WORK;
  /** Where the next line begins. */
  at: number = FRONT;
  /** Where the first line of the head begins, left of `FRONT`. */
  frontStart: number = FRONT;
  count = 0;
  mask = 0;
  /** Bits of `KNOWN` that are present as lines. */
  known = 0;
  /** As in `Fields`. */
  sensitive = 0;
  /** The line that cookie crumbs are joined to, -1 when there is none. */
  #cookieIndex = -1;
  #hasScatteredCrumbs = false;

  clear(): void {
    this.bytes = WORK;
    this.at = FRONT;
    this.frontStart = FRONT;
    this.count = 0;
    this.mask = 0;
    this.known = 0;
    this.sensitive = 0;
    this.#cookieIndex = -1;
    this.#hasScatteredCrumbs = false;
  }

  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    // A literal beyond any limit: it is decoded for the table's sake.
    const larger = Buffer.allocUnsafeSlow(this.at + count + FRONT);
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  /** Takes a line as it is. One that stands at `at` already just stays. */
  addLine(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): void {
    const length = nameLength + valueLength + 4;
    const { at } = this;
    if (bytes !== this.bytes) {
      this.reserve(length);
      if (length >= SHORT_COPY) bytes.copy(this.bytes, at, start, start + length);
      else for (let i = 0; i < length; i++) this.bytes[at + i] = bytes[start + i] as number;
    }
    this.#record(nameLength, nameLength + 2, valueLength, hash, flags);
    this.at = at + length;
  }

  /**
   * Takes a line whose name ends with its colon and whose value has its white space with it: between them nothing is put. The
   * value's text begins at `leading` and is `textLength` long.
   */
  addRawLine(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    leading: number,
    textLength: number,
    hash: number,
    flags: number,
  ): void {
    this.reserve(nameLength + valueLength + 4);
    const { at } = this;
    const valueStart = start + nameLength + 2;
    bytes.copy(this.bytes, at, start, start + nameLength);
    bytes.copy(this.bytes, at + nameLength, valueStart, valueStart + valueLength);
    this.#record(nameLength - 1, nameLength + leading, textLength, hash, flags);
    this.#endLine(at + nameLength + valueLength);
  }

  /** Takes a value as Host. It may stand at the right of `at` in the same memory. */
  addHost(bytes: Buffer, start: number, length: number): void {
    this.reserve(length + 8);
    const { at } = this;
    bytes.copy(this.bytes, at + 6, start, start + length);
    this.#writeText("host: ", at);
    this.#record(4, 6, length, HOST_HASH, KNOWN.host);
    this.#endLine(at + 6 + length);
  }

  /** A line of our own. `hash` is that of the name. */
  addText(name: string, value: string, hash: number, knownBit: number): void {
    const { at } = this;
    this.reserve(name.length + value.length + 4);
    this.#writeText(`${name}: ${value}`, at);
    this.#record(name.length, name.length + 2, value.length, hash, knownBit);
    this.#endLine(at + name.length + value.length + 2);
  }

  /** Takes a line `cookie: crumb`: all crumbs become one field, since HTTP/1 knows only one (RFC 9113 §8.2.3). */
  addCrumb(bytes: Buffer, start: number, nameLength: number, valueLength: number): void {
    if (this.#cookieIndex !== this.count - 1 || this.count === 0) {
      if (this.#cookieIndex >= 0) this.#hasScatteredCrumbs = true;
      else this.#cookieIndex = this.count;
      this.addLine(bytes, start, nameLength, valueLength, COOKIE_HASH, 0);
      return;
    }
    // An empty one says nothing, and would leave white space at an end.
    if (valueLength === 0) return;
    this.reserve(valueLength + 4);
    const place = this.#cookieIndex * STRIDE + 1;
    const packed = offsets[place] as number;
    const separator = packed >>> 16 === (packed & 0xffff) ? "" : "; ";
    const valueStart = start + nameLength + 2;
    const at = this.at - 2 + separator.length;
    bytes.copy(this.bytes, at, valueStart, valueStart + valueLength);
    this.#writeText(separator, at - separator.length);
    offsets[place] = (packed & ~0xffff) | (at + valueLength - FRONT);
    this.#endLine(at + valueLength);
  }

  /** Copies bytes directly before what stands before `FRONT`, leaving `gap` bytes between. */
  prepend(bytes: Buffer, start: number, length: number, gap: number): void {
    this.frontStart -= length + gap;
    bytes.copy(this.bytes, this.frontStart, start, start + length);
  }

  prependText(text: string): void {
    this.frontStart -= text.length;
    this.#writeText(text, this.frontStart);
  }

  /** Writes text that ends at `FRONT`: into the gap that was left. */
  fillGap(text: string): void {
    this.#writeText(text, FRONT - text.length);
  }

  /** Of what `take` gives: of all lines with the empty one. */
  get sizeBytes(): number {
    return this.at - this.frontStart;
  }

  /** All of it, with the empty line, to keep. The object itself is valid until the next is asked for. */
  take(): Fields {
    this.reserve(2);
    this.#endLine(this.at);
    const base = claim(this.sizeBytes);
    this.bytes.copy(slab, base, this.frontStart, this.at);
    block.bytes = slab;
    block.base = base;
    block.fieldCount = this.count;
    block.offsets = this.#movedOffsets();
    block.mask = this.mask;
    block.known = this.known;
    block.sensitive = this.sensitive;
    return block;
  }

  /** Relative to the first line. */
  #movedOffsets(): Int32Array {
    const moved = new Int32Array(this.count * STRIDE);
    const shift = FRONT - this.frontStart;
    const shiftBoth = (shift << 16) | shift;
    for (let i = 0; i < moved.length; i += STRIDE) {
      moved[i] = (offsets[i] as number) + shiftBoth;
      moved[i + 1] = (offsets[i + 1] as number) + shiftBoth;
      moved[i + 2] = offsets[i + 2] as number;
    }
    return moved;
  }

  /** Notes where the line at `at` has its parts. */
  #record(
    nameLength: number,
    valueOffset: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): void {
    const from = this.at - FRONT;
    const place = this.count * STRIDE;
    const valueAt = from + valueOffset;
    offsets[place] = (from << 16) | (from + nameLength);
    offsets[place + 1] = (valueAt << 16) | (valueAt + valueLength);
    offsets[place + 2] = hash;
    this.count++;
    this.mask |= 1 << (hash & 31);
    this.known |= flags & FLAG.known;
  }

  #endLine(at: number): void {
    this.bytes[at] = 13;
    this.bytes[at + 1] = 10;
    this.at = at + 2;
  }

  #writeText(text: string, at: number): void {
    if (text.length >= SHORT_COPY) latin1Write(this.bytes, text, at);
    else for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
  }

  /** Crumbs with other fields between them: the lines are written anew, with one cookie line behind them. */
  joinCrumbs(): void {
    if (!this.#hasScatteredCrumbs) return;
    const lines = Buffer.from(this.bytes.subarray(FRONT, this.at));
    const { count } = this;
    const crumbs: string[] = [];
    const old = offsets.slice(0, count * STRIDE);
    this.count = 0;
    this.at = FRONT;
    for (let i = 0; i < count; i++) {
      const name = old[i * STRIDE] as number;
      const value = old[i * STRIDE + 1] as number;
      const hash = old[i * STRIDE + 2] as number;
      const nameLength = (name & 0xffff) - (name >>> 16);
      const valueLength = (value & 0xffff) - (value >>> 16);
      const isCrumb =
        hash === COOKIE_HASH &&
        latin1Slice(lines, name >>> 16, name & 0xffff).toLowerCase() === "cookie";
      if (isCrumb && valueLength > 0) crumbs.push(latin1Slice(lines, value >>> 16, value & 0xffff));
      else if (!isCrumb) this.addLine(lines, name >>> 16, nameLength, valueLength, hash, 0);
    }
    this.addText("cookie", crumbs.join("; "), COOKIE_HASH, 0);
  }
}
