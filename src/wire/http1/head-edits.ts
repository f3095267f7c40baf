import type { Buffer } from "node:buffer";
import { type FieldName, fieldName } from "./field-name.ts";

/** What an edit does to the fields of its name. */
export type EditKind = "set" | "remove" | "rename";

export interface FieldEdit {
  readonly kind: EditKind;
  readonly name: FieldName;
  /** `set`: the value; `rename`: the new name; `remove`: "". */
  readonly text: string;
}

type Editable = { -readonly [K in keyof FieldEdit]: FieldEdit[K] };

/** A byte that may stand in a field value: tab, visible ASCII, space, obs-text (RFC 9110 §5.5). */
function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127 || code > 255) return false;
  }
  return true;
}

/** Fields that say how the message is framed: only the encoder knows. */
const FRAMING = new Set(["connection", "content-length", "transfer-encoding"]);

function editable(given: FieldName | string): FieldName {
  const name = typeof given === "string" ? fieldName(given) : given;
  if (FRAMING.has(name.lower)) throw new RangeError(`${name.text} is written by the connection`);
  return name;
}

/** One `name: value` line with its line ending. Throws RangeError for a value that cannot be sent. */
export function fieldLine(name: FieldName | string, value: string): string {
  const text = typeof name === "string" ? fieldName(name).text : name.text;
  return `${text}: ${checkedValue(value)}\r\n`;
}

function checkedValue(value: string): string {
  if (!isValue(value)) throw new RangeError("a header value has a control or non-latin1 character");
  return value;
}

/**
 * Edits of a head that is passed on. Untouched fields keep their bytes, case and order; a `set` field stays where
 * it was (its repeats go), or is appended when it was absent. Later edits of a name win over earlier ones.
 * Values are latin1 strings. Framing fields (Content-Length, Transfer-Encoding, Connection) and what is not a valid name
 * or value throw RangeError: configuration is validated before it comes here. Owned by the caller, may be cleared and used again after the call that took it.
 */
export class HeadEdits {
  /** Replaces the request target (sent as given: the caller has normalised it). */
  target: string | undefined = undefined;
  /** Edits of fields that may be present; usually short. */
  readonly edits: FieldEdit[] = [];
  /** Of before the last `clear`. */
  readonly #spare: Editable[] = [];
  /** One bit per name hash, so that a head that has none of the names is passed on whole. */
  mask = 0;
  /** Lines added at the end whatever is present: first a run of octets, then a text. */
  run: Buffer | undefined = undefined;
  runStart = 0;
  runEnd = 0;
  lines = "";

  set(name: FieldName | string, value: string): this {
    return this.#edit("set", name, checkedValue(value));
  }

  /** Appends a field; fields of the same name stay. */
  add(name: FieldName | string, value: string): this {
    this.lines += fieldLine(editable(name), value);
    return this;
  }

  /** Appends lines made by `fieldLine` when the configuration arrived: the cheapest edit there is. */
  addLines(lines: string): this {
    this.lines += lines;
    return this;
  }

  /** Appends such lines as octets, which must not change before the head is encoded. One run; a second takes its place. */
  addRun(bytes: Buffer, start: number, end: number): this {
    this.run = bytes;
    this.runStart = start;
    this.runEnd = end;
    return this;
  }

  remove(name: FieldName | string): this {
    return this.#edit("remove", name, "");
  }

  rename(from: FieldName | string, to: FieldName | string): this {
    return this.#edit("rename", from, editable(to).text);
  }

  get isEmpty(): boolean {
    const appendsNothing = this.run === undefined && this.lines === "";
    return this.edits.length === 0 && appendsNothing && this.target === undefined;
  }

  clear(): this {
    this.target = undefined;
    for (const edit of this.edits) this.#spare.push(edit as Editable);
    this.edits.length = 0;
    this.mask = 0;
    this.run = undefined;
    this.lines = "";
    return this;
  }

  #edit(kind: EditKind, given: FieldName | string, text: string): this {
    const name = editable(given);
    this.mask |= 1 << (name.hash & 31);
    const { edits } = this;
    for (let i = 0; i < edits.length; i++) {
      if (edits[i]?.name.lower !== name.lower) continue;
      edits[i] = { kind, name, text };
      return this;
    }
    edits.push(this.#filled(kind, name, text));
    return this;
  }

  #filled(kind: EditKind, name: FieldName, text: string): FieldEdit {
    const edit = this.#spare.pop();
    if (edit === undefined) return { kind, name, text };
    edit.kind = kind;
    edit.name = name;
    edit.text = text;
    return edit;
  }
}
