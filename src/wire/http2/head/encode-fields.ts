/** Walks over the fields of a head with edits, as `src/wire/http1/encode-fields.ts` does, and encodes what is left. */
import type { Buffer } from "node:buffer";
import type { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { editOf } from "#wire/http1/encode-fields.ts";
import { TOKEN_LOWER } from "#wire/http1/field-name.ts";
import { type Fields, STRIDE } from "#wire/http1/head.ts";
import type { FieldEdit, HeadEdits } from "#wire/http1/head-edits.ts";
import { FieldFilter } from "./field-filter.ts";

const NO_EDITS: readonly FieldEdit[] = [];
const SP = 32;
const HTAB = 9;
const CR = 13;
const COLON = 58;

/** Which edits have met their field in the head that is being encoded. */
const met: boolean[] = [];
/** Texts of edits as bytes. */
const scratch = new ByteWriter(1_024);

/** One for all heads: encoding is synchronous. */
export const filter: FieldFilter = new FieldFilter();

/**
 * Encodes the fields of `head` that `filter` lets through with the edits, then what the edits append. `endAt` is where the empty
 * line of the head begins, relative to it. `keepsLines`: lines with unusual white space are sent so that it can be restored.
 */
export function encodeFields(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Fields,
  endAt: number,
  edits: HeadEdits | undefined,
  keepsLines: boolean,
): void {
  const list = edits === undefined ? NO_EDITS : edits.edits;
  const editMask = edits === undefined ? 0 : edits.mask;
  const { bytes, base, fieldCount, offsets, sensitive } = head;
  for (let i = 0; i < list.length; i++) met[i] = false;
  for (let i = 0; i < fieldCount; i++) {
    const place = i * STRIDE;
    const name = offsets[place] as number;
    const value = offsets[place + 1] as number;
    const hash = offsets[place + 2] as number;
    const hashBit = 1 << (hash & 31);
    const nameStart = base + (name >>> 16);
    const nameEnd = base + (name & 0xffff);
    if ((editMask & hashBit) !== 0) {
      const edit = editOf(head, i, hash, list);
      if (edit >= 0) {
        encodeEdit(out, hpack, head, i, list[edit] as FieldEdit, edit);
        continue;
      }
    }
    if (filter.drops(head, i, hash, nameStart, nameEnd)) continue;
    const isSensitive = (sensitive & hashBit) !== 0;
    const valueStart = base + (value >>> 16);
    const valueEnd = base + (value & 0xffff);
    if (keepsLines) {
      const nextAt = i + 1 < fieldCount ? (offsets[place + STRIDE] as number) >>> 16 : endAt;
      const lineEnd = base + nextAt - 2;
      if (valueEnd !== lineEnd || valueStart - nameEnd !== 2 || bytes[valueStart - 1] !== SP) {
        // The name with its colon, and the rest of the line as it is.
        const rawHash = (Math.imul(hash, 31) + COLON) | 0;
        const nameLength = nameEnd + 1 - nameStart;
        hpack.field(
          out,
          bytes,
          nameStart,
          nameLength,
          nameEnd + 1,
          lineEnd - nameEnd - 1,
          rawHash,
          isSensitive || hpack.isSecret(bytes, nameStart, nameEnd - nameStart, hash),
        );
        continue;
      }
    }
    hpack.field(
      out,
      bytes,
      nameStart,
      nameEnd - nameStart,
      valueStart,
      valueEnd - valueStart,
      hash,
      isSensitive,
    );
  }
  if (edits === undefined) return;
  for (let i = 0; i < list.length; i++) {
    const edit = list[i] as FieldEdit;
    if (edit.kind !== "set" || met[i]) continue;
    encodeText(out, hpack, edit.name.text, edit.text);
  }
  if (edits.run !== undefined) encodeLineBytes(out, hpack, edits.run, edits.runStart, edits.runEnd);
  if (edits.lines !== "") encodeLines(out, hpack, edits.lines);
}

function encodeEdit(
  out: ByteWriter,
  hpack: HpackEncoder,
  head: Fields,
  index: number,
  edit: FieldEdit,
  at: number,
): void {
  const isFirst = !met[at];
  met[at] = true;
  scratch.clear();
  if (edit.kind === "set" && isFirst) {
    // The name keeps the case in which it came.
    copyPart(head, index * STRIDE);
    const nameLength = scratch.length;
    scratch.text(": ");
    scratch.text(edit.text);
    encodeLine(out, hpack, scratch.bytes, 0, nameLength, scratch.length);
  } else if (edit.kind === "rename") {
    scratch.text(`${edit.text}: `);
    copyPart(head, index * STRIDE + 1);
    encodeLine(out, hpack, scratch.bytes, 0, edit.text.length, scratch.length);
  }
}

function copyPart(head: Fields, place: number): void {
  const packed = head.offsets[place] as number;
  scratch.copy(head.bytes, head.base + (packed >>> 16), head.base + (packed & 0xffff));
}

/** A field of our own, unless it is one of those that are left out. */
export function encodeText(
  out: ByteWriter,
  hpack: HpackEncoder,
  name: string,
  value: string,
): void {
  scratch.clear();
  scratch.text(name);
  scratch.text(": ");
  scratch.text(value);
  encodeLine(out, hpack, scratch.bytes, 0, name.length, scratch.length);
}

/** Lines made by `fieldLine`. */
export function encodeLines(out: ByteWriter, hpack: HpackEncoder, lines: string): void {
  scratch.clear();
  scratch.text(lines);
  encodeLineBytes(out, hpack, scratch.bytes, 0, scratch.length);
}

function encodeLineBytes(
  out: ByteWriter,
  hpack: HpackEncoder,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  for (let at = start; at < end; ) {
    let nameEnd = at;
    while (bytes[nameEnd] !== COLON) nameEnd++;
    let lineEnd = nameEnd + 1;
    while (bytes[lineEnd] !== CR) lineEnd++;
    encodeLine(out, hpack, bytes, at, nameEnd, lineEnd);
    at = lineEnd + 2;
  }
}

/** The line `name: value` that ends at `end`. */
function encodeLine(
  out: ByteWriter,
  hpack: HpackEncoder,
  bytes: Buffer,
  nameStart: number,
  nameEnd: number,
  end: number,
): void {
  let from = nameEnd + 1;
  let to = end;
  // HTTP/1 allows white space around a value, HTTP/2 does not.
  while (from < to && (bytes[from] === SP || bytes[from] === HTAB)) from++;
  while (from < to && (bytes[to - 1] === SP || bytes[to - 1] === HTAB)) to--;
  let hash = 0;
  for (let at = nameStart; at < nameEnd; at++)
    hash = (Math.imul(hash, 31) + (TOKEN_LOWER[bytes[at] as number] as number)) | 0;
  if (filter.dropsLine(bytes, nameStart, nameEnd, hash, from, to - from)) return;
  hpack.field(out, bytes, nameStart, nameEnd - nameStart, from, to - from, hash, false);
}
