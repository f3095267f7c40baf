import { Buffer } from "node:buffer";
import { latin1Write } from "./latin1.ts";

/** Of `Number.MAX_SAFE_INTEGER`. */
const DIGITS_MAX = 16;

/** A growing run of bytes that encoders append to. Reused: `clear` keeps the memory. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  /** A string is latin1 (its characters were checked when it was made). */
  text(text: string): void {
    this.reserve(text.length);
    this.length += latin1Write(this.bytes, text, this.length);
  }

  copy(source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    source.copy(this.bytes, this.length, start, end);
    this.length += end - start;
  }

  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** A whole number that is not negative, in decimal. */
  decimal(value: number): void {
    this.reserve(DIGITS_MAX);
    let at = this.length + 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) at++;
    this.length = at;
    for (let rest = value; ; ) {
      const next = Math.floor(rest / 10);
      this.bytes[--at] = 48 + rest - next * 10;
      if (next === 0) return;
      rest = next;
    }
  }

  /** Makes room for bytes that the caller writes into `bytes` itself, and returns where they begin. */
  claim(count: number): number {
    this.reserve(count);
    const at = this.length;
    this.length += count;
    return at;
  }

  /** What was written so far, without a copy: valid until the next call. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for so many more bytes: for callers that write to `bytes` themselves and then add to `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
