import { Buffer } from "node:buffer";
import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import { TOKEN_LOWER } from "#wire/http1/field-name.ts";
import { DynamicTable, ENTRY_OVERHEAD } from "./dynamic-table.ts";
import { encodeHuffman, huffmanBytes } from "./encode-huffman.ts";
import { DEFAULT_TABLE_BYTES } from "./hpack-decoder.ts";
import { NameMemory } from "./name-memory.ts";
import { looked, lookUpName, POLICY } from "./name-policy.ts";
import { STATIC_COUNT, STATIC_TABLE } from "./static-table.ts";
import { hashOfField, isSameName, ValueIndex } from "./value-index.ts";

/** First bits of the forms of a literal (RFC 7541 §6.2), and the largest number that fits behind them. */
const KEPT = 0x40;
const KEPT_PREFIX = 0x3f;
const NOT_KEPT = 0x00;
const NEVER_KEPT = 0x10;
const NOT_KEPT_PREFIX = 0x0f;

/** Values shorter than this can be guessed byte by byte. */
const SHORT_SECRET = 20;
const SHORT_COPY = 24;

export interface HpackEncoderOptions {
  /** Our own bound of the dynamic table, whatever the peer allows. */
  readonly maxTableBytes?: number;
  /**
   * Which strings go through the Huffman code where that makes them shorter: those that are kept in the table, which are sent once,
   * or all. Between machines of one network, bytes cost less than the work.
   */
  readonly huffman?: "kept" | "all";
}

/** Where a line is put together on its way into the table. */
let line = Buffer.allocUnsafeSlow(DEFAULT_TABLE_BYTES);

/** Encodes the header blocks of one direction of one connection: `begin`, then the fields in order. */
export class HpackEncoder {
  readonly #table = new DynamicTable(DEFAULT_TABLE_BYTES);
  readonly #values = new ValueIndex(this.#table);
  readonly #names = new NameMemory();
  readonly #maxTableBytes: number;
  readonly #codesAll: boolean;
  /** Sizes that the peer has to be told of at the beginning of the next block: the least in between, and the last. */
  #leastBytes = -1;
  #nextBytes = -1;
  /** Whether names are sent in the case in which they come. */
  #keepsCase = false;

  constructor(options: HpackEncoderOptions = {}) {
    this.#maxTableBytes = options.maxTableBytes ?? DEFAULT_TABLE_BYTES;
    this.#codesAll = options.huffman === "all";
    if (this.#maxTableBytes < DEFAULT_TABLE_BYTES) this.allowTableBytes(DEFAULT_TABLE_BYTES);
  }

  /** The bytes that the dynamic table takes now, by the measure of the RFC. */
  get tableBytes(): number {
    return this.#table.sizeBytes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  allowTableBytes(bytes: number): void {
    const wanted = Math.min(bytes, this.#maxTableBytes);
    if (this.#nextBytes < 0 && wanted === this.#table.maxBytes) return;
    this.#leastBytes = this.#nextBytes < 0 ? wanted : Math.min(this.#leastBytes, wanted);
    this.#nextBytes = wanted;
  }

  /** Begins a block. `keepsCase`: names are not put in lower case. */
  begin(out: ByteWriter, keepsCase: boolean): void {
    this.#keepsCase = keepsCase;
    if (this.#nextBytes < 0) return;
    if (this.#leastBytes < this.#nextBytes) this.#resize(out, this.#leastBytes);
    this.#resize(out, this.#nextBytes);
    this.#nextBytes = -1;
  }

  /** A field without a value of its own: one entry of the static table. */
  staticField(out: ByteWriter, index: number): void {
    out.reserve(1);
    out.bytes[out.length++] = 0x80 | index;
  }

  /** A pseudo-field whose name the static table has at `nameIndex`. */
  pseudoField(
    out: ByteWriter,
    nameIndex: number,
    value: Buffer,
    start: number,
    length: number,
  ): void {
    const nameLength = STATIC_TABLE.nameLengths[nameIndex] as number;
    const nameStart = STATIC_TABLE.starts[nameIndex] as number;
    const hash = ~(STATIC_TABLE.hashes[nameIndex] as number);
    out.reserve(length + 16);
    this.#learned(
      out,
      STATIC_TABLE.bytes,
      nameStart,
      nameLength,
      value,
      start,
      length,
      hash,
      nameIndex,
    );
  }

  /**
   * One field. `hash` is that of the lower-case name, as heads have it; a sensitive field is sent so that nobody on the way keeps
   * it. The bytes have been checked by whoever made them.
   */
  field(
    out: ByteWriter,
    bytes: Buffer,
    nameStart: number,
    nameLength: number,
    valueStart: number,
    valueLength: number,
    hash: number,
    isSensitive: boolean,
  ): void {
    out.reserve(nameLength + valueLength + 16);
    lookUpName(bytes, nameStart, nameLength, hash);
    const { policy } = looked;
    const staticIndex = looked.isExact || !this.#keepsCase ? looked.staticIndex : 0;
    if (
      isSensitive ||
      policy === POLICY.never ||
      (policy === POLICY.neverWhenShort && valueLength < SHORT_SECRET)
    ) {
      const slot = this.#names.slotOf(hash, this.#table.next);
      const nameIndex =
        staticIndex === 0 ? this.#nameIndex(slot, bytes, nameStart, nameLength) : staticIndex;
      this.#literal(out, NEVER_KEPT, NOT_KEPT_PREFIX, nameIndex, bytes, nameStart, nameLength);
      this.#string(out, bytes, valueStart, valueLength, this.#codesAll);
    } else if (policy === POLICY.changing) {
      this.#changing(out, bytes, nameStart, nameLength, valueStart, valueLength, hash, staticIndex);
    } else
      this.#learned(
        out,
        bytes,
        nameStart,
        nameLength,
        bytes,
        valueStart,
        valueLength,
        hash,
        staticIndex,
      );
  }

  /** Whether a field is sent as sensitive by its name: for callers that send it under another. */
  isSecret(bytes: Buffer, nameStart: number, nameLength: number, hash: number): boolean {
    lookUpName(bytes, nameStart, nameLength, hash);
    return looked.policy === POLICY.never || looked.policy === POLICY.neverWhenShort;
  }

  /** Only the name is worth an entry: with whatever value it has when the table does not have the name. */
  #changing(
    out: ByteWriter,
    bytes: Buffer,
    nameStart: number,
    nameLength: number,
    valueStart: number,
    valueLength: number,
    hash: number,
    staticIndex: number,
  ): void {
    let nameIndex = staticIndex;
    if (nameIndex === 0) {
      const slot = this.#names.slotOf(hash, this.#table.next);
      nameIndex = this.#nameIndex(slot, bytes, nameStart, nameLength);
      if (nameIndex === 0 && this.#fits(nameLength, valueLength)) {
        this.#literal(out, KEPT, KEPT_PREFIX, 0, bytes, nameStart, nameLength);
        this.#string(out, bytes, valueStart, valueLength, true);
        this.#insert(bytes, nameStart, nameLength, bytes, valueStart, valueLength, hash, slot);
        return;
      }
    }
    this.#literal(out, NOT_KEPT, NOT_KEPT_PREFIX, nameIndex, bytes, nameStart, nameLength);
    this.#string(out, bytes, valueStart, valueLength, this.#codesAll);
  }

  /** An entry of the table when there is one, else a literal that is kept unless the name's values do not repeat. */
  #learned(
    out: ByteWriter,
    name: Buffer,
    nameStart: number,
    nameLength: number,
    value: Buffer,
    valueStart: number,
    valueLength: number,
    hash: number,
    staticIndex: number,
  ): void {
    const names = this.#names;
    const slot = names.slotOf(hash, this.#table.next);
    const isPaused = names.pauses(slot);
    const fieldHash = isPaused ? 0 : hashOfField(hash, value, valueStart, valueLength);
    if (!isPaused) {
      const age = this.#values.find(
        fieldHash,
        name,
        nameStart,
        nameLength,
        this.#keepsCase,
        value,
        valueStart,
        valueLength,
      );
      if (age > 0) {
        names.hit(slot);
        this.#integer(out, 0x80, 0x7f, STATIC_COUNT + age);
        return;
      }
      names.miss(slot);
    }
    const nameIndex =
      staticIndex === 0 ? this.#nameIndex(slot, name, nameStart, nameLength) : staticIndex;
    const isKept = (!isPaused || nameIndex === 0) && this.#fits(nameLength, valueLength);
    if (isKept) {
      this.#literal(out, KEPT, KEPT_PREFIX, nameIndex, name, nameStart, nameLength);
      this.#string(out, value, valueStart, valueLength, true);
      this.#insert(name, nameStart, nameLength, value, valueStart, valueLength, fieldHash, slot);
    } else {
      this.#literal(out, NOT_KEPT, NOT_KEPT_PREFIX, nameIndex, name, nameStart, nameLength);
      this.#string(out, value, valueStart, valueLength, this.#codesAll);
    }
  }

  /** An entry that would push out half of the table is not worth it. */
  #fits(nameLength: number, valueLength: number): boolean {
    return 2 * (nameLength + valueLength + ENTRY_OVERHEAD) <= this.#table.maxBytes;
  }

  /** The index of an entry with that name, 0 when it is not known of any. */
  #nameIndex(slot: number, name: Buffer, start: number, length: number): number {
    const table = this.#table;
    const number = this.#names.entryOf(slot);
    if (!table.has(number)) return 0;
    const place = number & table.mask;
    if (table.nameLengths[place] !== length) return 0;
    const at = table.starts[place] as number;
    if (!isSameName(name, start, table.bytes, at, length, this.#keepsCase)) return 0;
    return STATIC_COUNT + ((table.next - number) | 0);
  }

  #insert(
    name: Buffer,
    nameStart: number,
    nameLength: number,
    value: Buffer,
    valueStart: number,
    valueLength: number,
    hash: number,
    slot: number,
  ): void {
    const length = nameLength + valueLength + 4;
    if (line.length < length) line = Buffer.allocUnsafeSlow(2 * length);
    writeName(line, 0, name, nameStart, nameLength, this.#keepsCase);
    value.copy(line, nameLength + 2, valueStart, valueStart + valueLength);
    this.#table.insert(line, 0, nameLength, valueLength, hash, 0);
    this.#values.addNewest(hash);
    this.#names.keepEntry(slot, (this.#table.next - 1) | 0);
  }

  /** The first bytes of a literal: its form and the name, by index or in full. */
  #literal(
    out: ByteWriter,
    form: number,
    prefix: number,
    nameIndex: number,
    name: Buffer,
    nameStart: number,
    nameLength: number,
  ): void {
    this.#integer(out, form, prefix, nameIndex);
    if (nameIndex !== 0) return;
    this.#integer(out, 0, 0x7f, nameLength);
    writeName(out.bytes, out.length, name, nameStart, nameLength, this.#keepsCase);
    out.length += nameLength;
  }

  #string(out: ByteWriter, bytes: Buffer, start: number, length: number, isCoded: boolean): void {
    const coded = isCoded ? huffmanBytes(bytes, start, start + length) : length;
    if (coded < length) {
      this.#integer(out, 0x80, 0x7f, coded);
      out.length = encodeHuffman(bytes, start, start + length, out.bytes, out.length);
      return;
    }
    this.#integer(out, 0, 0x7f, length);
    const { bytes: to, length: at } = out;
    if (length >= SHORT_COPY) bytes.copy(to, at, start, start + length);
    else for (let i = 0; i < length; i++) to[at + i] = bytes[start + i] as number;
    out.length = at + length;
  }

  /** `form` with a number behind it (RFC 7541 §5.1). The room has been reserved. */
  #integer(out: ByteWriter, form: number, prefix: number, value: number): void {
    const { bytes } = out;
    if (value < prefix) {
      bytes[out.length++] = form | value;
      return;
    }
    bytes[out.length++] = form | prefix;
    let rest = value - prefix;
    for (; rest >= 0x80; rest >>>= 7) bytes[out.length++] = 0x80 | (rest & 0x7f);
    bytes[out.length++] = rest;
  }

  #resize(out: ByteWriter, bytes: number): void {
    out.reserve(6);
    this.#integer(out, 0x20, 0x1f, bytes);
    this.#table.resize(bytes);
  }
}

function writeName(
  out: Buffer,
  at: number,
  name: Buffer,
  start: number,
  length: number,
  keepsCase: boolean,
): void {
  for (let i = 0; i < length; i++) {
    const byte = name[start + i] as number;
    const lower = keepsCase ? 0 : (TOKEN_LOWER[byte] as number);
    out[at + i] = lower === 0 ? byte : lower;
  }
}
