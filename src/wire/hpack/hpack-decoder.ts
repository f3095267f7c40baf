import type { Buffer } from "node:buffer";
import { decodeHuffman, maxDecodedBytes } from "./decode-huffman.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { FLAG, inspected, inspectName, inspectValue, NAME_FLAGS } from "./field-flags.ts";
import { HpackError } from "./hpack-error.ts";
import { STATIC_COUNT, STATIC_TABLE } from "./static-table.ts";

/** What both sides begin with (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_BYTES = 4_096;

/** No integer that anybody needs is larger; it fits 32 bits. */
const MAX_INTEGER = 0x0fff_ffff;

/** Below this many bytes a loop is faster than a call of `copy`. */
const SHORT_COPY = 24;

/**
 * Takes decoded fields, each as a ready line of HTTP/1: `name: value` CRLF. Literals are put together in the sink's own
 * memory, where they can stay; entries of a table are copied from there.
 */
export interface LineSink {
  /** Literal lines are written here, beginning at `at`. */
  bytes: Buffer;
  at: number;
  /** Makes sure that `bytes` has room for so many more after `at`; may replace `bytes`, keeping what is before `at`. */
  reserve(count: number): void;
  /**
   * One field. A line that begins at `at` of the sink's own `bytes` is a literal, to be taken by moving `at` behind it. Other
   * bytes are valid during the call. `hash` is that of the lower-case name; `flags` are bits of `FLAG`. Must not throw for a bad
   * field: the rest of the block has to be decoded, or the tables no longer agree.
   */
  onLine(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): void;
}

/** Decodes the header blocks of one direction of one connection, in their order. Throws HpackError, and is of no use afterwards. */
export class HpackDecoder {
  readonly #table: DynamicTable;
  /** What our settings allow; the peer chooses a size up to it. */
  #allowedBytes: number;
  /** The smallest that was asked for since the last block, when that is below what the peer uses. */
  #requiredBytes = -1;
  #block: Buffer | undefined;
  #at = 0;
  #end = 0;

  /** `maxTableBytes`: the SETTINGS_HEADER_TABLE_SIZE that is announced; until it is acknowledged, the default holds as well. */
  constructor(maxTableBytes: number = DEFAULT_TABLE_BYTES) {
    this.#allowedBytes = Math.max(maxTableBytes, DEFAULT_TABLE_BYTES);
    this.#table = new DynamicTable(DEFAULT_TABLE_BYTES);
  }

  /** The bytes that the dynamic table takes now, by the measure of the RFC. */
  get tableBytes(): number {
    return this.#table.sizeBytes;
  }

  /** SETTINGS_HEADER_TABLE_SIZE of ours, to be called when the peer has acknowledged it. A smaller table has to be confirmed by the next block. */
  allowTableBytes(bytes: number): void {
    this.#allowedBytes = bytes;
    if (bytes < this.#table.maxBytes)
      this.#requiredBytes = this.#requiredBytes < 0 ? bytes : Math.min(this.#requiredBytes, bytes);
  }

  /** Decodes one whole header block. Throws HpackError. */
  decode(block: Buffer, start: number, end: number, sink: LineSink): void {
    this.#block = block;
    this.#at = start;
    this.#end = end;
    this.#readSizeUpdates(block);
    const table = this.#table;
    while (this.#at < end) {
      const first = block[this.#at++] as number;
      if (first >= 0x80) {
        const index = first < 0xff ? first & 0x7f : this.#longInteger(0x7f);
        if (index > STATIC_COUNT) {
          const slot = this.#slotOf(index);
          sink.onLine(
            table.bytes,
            table.starts[slot] as number,
            table.nameLengths[slot] as number,
            table.valueLengths[slot] as number,
            table.hashes[slot] as number,
            table.flags[slot] as number,
          );
        } else {
          if (index === 0) throw new HpackError("index-zero");
          sink.onLine(
            STATIC_TABLE.bytes,
            STATIC_TABLE.starts[index] as number,
            STATIC_TABLE.nameLengths[index] as number,
            STATIC_TABLE.valueLengths[index] as number,
            STATIC_TABLE.hashes[index] as number,
            STATIC_TABLE.flags[index] as number,
          );
        }
      } else if (first >= 0x40) {
        this.#literal(first < 0x7f ? first & 0x3f : this.#longInteger(0x3f), sink, true, 0);
      } else if (first >= 0x20) throw new HpackError("late-size-update");
      else {
        const flags = first >= 0x10 ? FLAG.sensitive : 0;
        const low = first & 0x0f;
        this.#literal(low < 0x0f ? low : this.#longInteger(0x0f), sink, false, flags);
      }
    }
    this.#block = undefined;
  }

  #literal(nameIndex: number, sink: LineSink, isInserted: boolean, flagsOfForm: number): void {
    const block = this.#block as Buffer;
    let nameLength = 0;
    let hash = 0;
    let flags = flagsOfForm;
    if (nameIndex === 0) {
      nameLength = this.#nameString(block, sink);
      flags |= inspectName(sink.bytes, sink.at, nameLength);
      hash = inspected.hash;
    } else {
      const isStatic = nameIndex <= STATIC_COUNT;
      const from = isStatic ? STATIC_TABLE : this.#table;
      const slot = isStatic ? nameIndex : this.#slotOf(nameIndex);
      nameLength = from.nameLengths[slot] as number;
      sink.reserve(nameLength + 4);
      copyBytes(from.bytes, from.starts[slot] as number, nameLength, sink.bytes, sink.at);
      hash = from.hashes[slot] as number;
      flags |= (from.flags[slot] as number) & NAME_FLAGS;
    }
    const valueLength = this.#valueString(block, sink, nameLength);
    const { bytes, at } = sink;
    const valueAt = at + nameLength + 2;
    bytes[valueAt - 2] = 58;
    bytes[valueAt - 1] = 32;
    bytes[valueAt + valueLength] = 13;
    bytes[valueAt + valueLength + 1] = 10;
    flags |= inspectValue(bytes, valueAt, valueLength);
    if (isInserted) this.#table.insert(bytes, at, nameLength, valueLength, hash, flags);
    sink.onLine(bytes, at, nameLength, valueLength, hash, flags);
  }

  /** Reads a string to the sink's `at`; returns its length there. */
  #nameString(block: Buffer, sink: LineSink): number {
    const isCoded = this.#readLength(block);
    const start = this.#at;
    const length = this.#length;
    this.#at = start + length;
    if (isCoded) {
      sink.reserve(maxDecodedBytes(length) + 4);
      return decodeHuffman(block, start, start + length, sink.bytes, sink.at) - sink.at;
    }
    sink.reserve(length + 4);
    copyBytes(block, start, length, sink.bytes, sink.at);
    return length;
  }

  /** The same behind a name and `: `, with room for the line ending. */
  #valueString(block: Buffer, sink: LineSink, nameLength: number): number {
    const isCoded = this.#readLength(block);
    const start = this.#at;
    const length = this.#length;
    this.#at = start + length;
    const offset = nameLength + 2;
    if (isCoded) {
      // `reserve` keeps what is before `at`: the name has to count as that while it may grow.
      reserveBehind(sink, offset, maxDecodedBytes(length) + 2);
      const valueAt = sink.at + offset;
      return decodeHuffman(block, start, start + length, sink.bytes, valueAt) - valueAt;
    }
    reserveBehind(sink, offset, length + 2);
    copyBytes(block, start, length, sink.bytes, sink.at + offset);
    return length;
  }

  /** The length that `#readLength` has read. */
  #length = 0;

  /** Reads the length of a string, which lies within the block; returns whether it is Huffman-coded. */
  #readLength(block: Buffer): boolean {
    if (this.#at >= this.#end) throw new HpackError("truncated");
    const first = block[this.#at++] as number;
    const low = first & 0x7f;
    const length = low < 0x7f ? low : this.#longInteger(0x7f);
    if (length > this.#end - this.#at) throw new HpackError("truncated");
    this.#length = length;
    return first >= 0x80;
  }

  /** The rest of an integer whose prefix was all ones (RFC 7541 §5.1). */
  #longInteger(prefix: number): number {
    const block = this.#block as Buffer;
    let value = prefix;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.#at >= this.#end) throw new HpackError("truncated");
      const byte = block[this.#at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (value > MAX_INTEGER) throw new HpackError("integer-too-large");
      if (byte < 0x80) return value;
    }
    throw new HpackError("integer-too-large");
  }

  #slotOf(index: number): number {
    const age = index - STATIC_COUNT;
    if (age > this.#table.count) throw new HpackError("index-out-of-range");
    return (this.#table.next - age) & this.#table.mask;
  }

  /** Table size updates stand at the beginning of a block, and one has to when the table was to shrink (RFC 7541 §4.2). */
  #readSizeUpdates(block: Buffer): void {
    while (this.#at < this.#end) {
      const first = block[this.#at] as number;
      if (first < 0x20 || first >= 0x40) break;
      this.#at++;
      const low = first & 0x1f;
      const bytes = low < 0x1f ? low : this.#longInteger(0x1f);
      if (bytes > this.#allowedBytes) throw new HpackError("size-update-too-large");
      if (bytes <= this.#requiredBytes) this.#requiredBytes = -1;
      this.#table.resize(bytes);
    }
    if (this.#requiredBytes >= 0) throw new HpackError("missing-size-update");
  }
}

function reserveBehind(sink: LineSink, offset: number, count: number): void {
  sink.at += offset;
  sink.reserve(count);
  sink.at -= offset;
}

function copyBytes(source: Buffer, start: number, length: number, out: Buffer, at: number): void {
  if (length >= SHORT_COPY) source.copy(out, at, start, start + length);
  else for (let i = 0; i < length; i++) out[at + i] = source[start + i] as number;
}
