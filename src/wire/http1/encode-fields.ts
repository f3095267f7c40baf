/** Passes fields on: runs of untouched lines are copied as they came, edits are spliced in between. */
import type { ByteWriter } from "./byte-writer.ts";
import { type FieldName, fieldName } from "./field-name.ts";
import { type Fields, STRIDE } from "./head.ts";
import type { FieldEdit, HeadEdits } from "./head-edits.ts";

const NO_EDITS: readonly FieldEdit[] = [];
/** Which edits have met their field in the head that is being encoded. */
const met: boolean[] = [];

/**
 * Writes the fields of `head` without `dropped` and with the edits, then what the edits append. `fieldsStart` and
 * `sizeBytes` are relative to the head; the last empty line is not written.
 */
export function encodeFields(
  out: ByteWriter,
  head: Fields,
  fieldsStart: number,
  sizeBytes: number,
  dropped: readonly FieldName[],
  edits: HeadEdits | undefined,
): void {
  const list = edits === undefined ? NO_EDITS : edits.edits;
  const { bytes, base, fieldCount, offsets } = head;
  let mask = edits === undefined ? 0 : edits.mask;
  for (let i = 0; i < dropped.length; i++) mask |= 1 << ((dropped[i] as FieldName).hash & 31);
  for (let i = 0; i < list.length; i++) met[i] = false;
  let runStart = base + fieldsStart;
  if ((mask & head.mask) !== 0) {
    for (let i = 0; i < fieldCount; i++) {
      const hash = offsets[i * STRIDE + 2] as number;
      if ((mask & (1 << (hash & 31))) === 0) continue;
      const edit = editOf(head, i, hash, list);
      if (edit < 0 && !isDropped(head, i, hash, dropped)) continue;
      const lineStart = base + ((offsets[i * STRIDE] as number) >>> 16);
      const lineEnd =
        i + 1 < fieldCount
          ? base + ((offsets[(i + 1) * STRIDE] as number) >>> 16)
          : base + sizeBytes - 2;
      if (lineStart > runStart) out.copy(bytes, runStart, lineStart);
      if (edit >= 0) applyEdit(out, head, i, list[edit] as FieldEdit, edit);
      runStart = lineEnd;
    }
  }
  const end = base + sizeBytes - 2;
  if (end > runStart) out.copy(bytes, runStart, end);
  if (edits === undefined) return;
  for (let i = 0; i < list.length; i++) {
    const edit = list[i] as FieldEdit;
    if (edit.kind === "set" && !met[i]) out.text(`${edit.name.text}: ${edit.text}\r\n`);
  }
  if (edits.run !== undefined) out.copy(edits.run, edits.runStart, edits.runEnd);
  if (edits.lines !== "") out.text(edits.lines);
}

/** The place in the list of the edit of that field, or -1. */
export function editOf(
  head: Fields,
  index: number,
  hash: number,
  list: readonly FieldEdit[],
): number {
  for (let i = 0; i < list.length; i++) {
    const { name } = list[i] as FieldEdit;
    if (name.hash === hash && head.isNamed(index, name.lower)) return i;
  }
  return -1;
}

function isDropped(
  head: Fields,
  index: number,
  hash: number,
  dropped: readonly FieldName[],
): boolean {
  for (let i = 0; i < dropped.length; i++) {
    const name = dropped[i] as FieldName;
    if (name.hash === hash && head.isNamed(index, name.lower)) return true;
  }
  return false;
}

function applyEdit(
  out: ByteWriter,
  head: Fields,
  index: number,
  edit: FieldEdit,
  at: number,
): void {
  const isFirst = !met[at];
  met[at] = true;
  if (edit.kind === "set" && isFirst) {
    // The name keeps the case in which it came.
    const packed = head.offsets[index * STRIDE] as number;
    out.copy(head.bytes, head.base + (packed >>> 16), head.base + (packed & 0xffff));
    out.text(": ");
    out.text(edit.text);
    out.text("\r\n");
  } else if (edit.kind === "rename") {
    out.text(`${edit.text}: `);
    const packed = head.offsets[index * STRIDE + 1] as number;
    out.copy(head.bytes, head.base + (packed >>> 16), head.base + (packed & 0xffff));
    out.text("\r\n");
  }
}

/** Names that Connection took off the message, as names to drop. */
export function nominatedNames(nominated: readonly string[]): FieldName[] {
  return nominated.map((name) => fieldName(name));
}
