import { Buffer } from "node:buffer";

/** What an entry takes beyond its name and value (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD = 32;

/**
 * A dynamic table of RFC 7541 §2.3.2. An entry is kept as the line `name: value` CRLF that HTTP/1 sends, in a ring of bytes;
 * entries are counted from the first insertion on, so that an entry's number stays the same while it lives. Memory is taken
 * with the first insertion.
 */
export class DynamicTable {
  /** The ring. Twice the table, so that no line is broken and none overwrites a living one. */
  bytes: Buffer = Buffer.alloc(0);
  /** By `number & mask`: where the line begins, and what is known of it. */
  starts: Int32Array = new Int32Array(0);
  nameLengths: Int32Array = new Int32Array(0);
  valueLengths: Int32Array = new Int32Array(0);
  hashes: Int32Array = new Int32Array(0);
  flags: Int32Array = new Int32Array(0);
  mask = -1;
  count = 0;
  /** By the measure of the RFC: 32 more than name and value. */
  sizeBytes = 0;
  maxBytes: number;
  /** The number that the next entry will have; wraps around at 32 bits. */
  next = 0;
  #writeAt = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Whether the entry of that number is still in the table. */
  has(number: number): boolean {
    const age = (this.next - number) | 0;
    return age > 0 && age <= this.count;
  }

  /** Evicts what no longer fits. */
  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.#evict(maxBytes);
    // At least doubled, and never made smaller: resizing again and again costs nothing.
    if (this.bytes.length > 0 && 2 * maxBytes > this.bytes.length)
      this.#move(Math.max(maxBytes, this.bytes.length));
  }

  /**
   * Adds the line that begins at `source[start]`, evicting older ones; a line larger than the table leaves it empty. False then.
   * The source is not this table's own ring.
   */
  insert(
    source: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): boolean {
    const size = nameLength + valueLength + ENTRY_OVERHEAD;
    this.#evict(this.maxBytes - size);
    if (size > this.maxBytes) return false;
    if (this.bytes.length === 0) this.#allocate(this.maxBytes);
    const length = nameLength + valueLength + 4;
    if (this.#writeAt + length > this.bytes.length) this.#writeAt = 0;
    source.copy(this.bytes, this.#writeAt, start, start + length);
    const slot = this.next & this.mask;
    this.starts[slot] = this.#writeAt;
    this.nameLengths[slot] = nameLength;
    this.valueLengths[slot] = valueLength;
    this.hashes[slot] = hash;
    this.flags[slot] = flags;
    this.#writeAt += length;
    this.sizeBytes += size;
    this.count++;
    this.next = (this.next + 1) | 0;
    return true;
  }

  #evict(roomBytes: number): void {
    while (this.count > 0 && this.sizeBytes > roomBytes) {
      const slot = (this.next - this.count) & this.mask;
      this.sizeBytes -=
        (this.nameLengths[slot] as number) + (this.valueLengths[slot] as number) + ENTRY_OVERHEAD;
      this.count--;
    }
  }

  #allocate(capacityBytes: number): void {
    this.bytes = Buffer.allocUnsafeSlow(2 * capacityBytes);
    let entries = 8;
    while (entries * ENTRY_OVERHEAD <= capacityBytes) entries *= 2;
    this.starts = new Int32Array(entries);
    this.nameLengths = new Int32Array(entries);
    this.valueLengths = new Int32Array(entries);
    this.hashes = new Int32Array(entries);
    this.flags = new Int32Array(entries);
    this.mask = entries - 1;
    this.#writeAt = 0;
  }

  /** Into a larger ring, entry by entry: after a change of settings only. */
  #move(capacityBytes: number): void {
    const { bytes, starts, nameLengths, valueLengths, hashes, flags, mask, count } = this;
    const first = (this.next - count) | 0;
    this.#allocate(capacityBytes);
    this.count = 0;
    this.sizeBytes = 0;
    this.next = first;
    for (let i = 0; i < count; i++) {
      const slot = (first + i) & mask;
      this.insert(
        bytes,
        starts[slot] as number,
        nameLengths[slot] as number,
        valueLengths[slot] as number,
        hashes[slot] as number,
        flags[slot] as number,
      );
    }
  }
}
