import { latin1Slice } from "#wire/http1/latin1.ts";
import { FLAG } from "../field-flags.ts";
import type { HpackDecoder, LineSink } from "../hpack-decoder.ts";

export interface ListedField {
  readonly name: string;
  readonly value: string;
  readonly isSensitive: boolean;
}

/** Keeps every field as text, and looks whether each came as a line. */
export class FieldList implements LineSink {
  bytes: Buffer = Buffer.alloc(8);
  at = 0;
  readonly fields: ListedField[] = [];

  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    this.bytes = Buffer.concat([this.bytes.subarray(0, this.at), Buffer.alloc(count)]);
  }

  onLine(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    _hash: number,
    flags: number,
  ): void {
    const line = latin1Slice(bytes, start, start + nameLength + valueLength + 4);
    const name = line.slice(0, nameLength);
    const value = line.slice(nameLength + 2, -2);
    if (line !== `${name}: ${value}\r\n`) throw new Error(`not a line: ${JSON.stringify(line)}`);
    this.fields.push({ name, value, isSensitive: (flags & FLAG.sensitive) !== 0 });
  }

  get pairs(): [name: string, value: string][] {
    return this.fields.map(({ name, value }) => [name, value]);
  }
}

/** The fields of one block, given as bytes or as hexadecimal text with spaces. */
export function decodeBlock(decoder: HpackDecoder, block: Buffer | string): FieldList {
  const bytes = typeof block === "string" ? Buffer.from(block.replace(/\s/g, ""), "hex") : block;
  const list = new FieldList();
  decoder.decode(bytes, 0, bytes.length, list);
  return list;
}
