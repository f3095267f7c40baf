import { ProtobufError, readFields } from "./wire-reader.ts";

/**
 * What a field holds. Kubernetes writes fields that were never set as empty ones, so these are left out, as its JSON
 * does; `flag?` and `int?` are those whose absence means something else than zero. A `skip` is read over: statuses,
 * which a user's write does not set.
 */
export type FieldType =
  | "string"
  | "int"
  | "int?"
  | "flag"
  | "flag?"
  | "time"
  | "int-or-string"
  | "json"
  | "skip"
  | { readonly map: "string" | "bytes" }
  | { readonly message: Message };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: boolean;
}

/** Fields by number. */
export interface Message {
  readonly name: string;
  readonly fields: Readonly<Record<number, Field>>;
}

const MAX_DEPTH = 50;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The message as the JSON that says the same. Throws ProtobufError. */
export function decodeMessage(message: Message, bytes: Uint8Array, depth = 0) {
  if (depth > MAX_DEPTH) throw new ProtobufError("is nested too deeply");
  const out: Record<string, unknown> = {};
  for (const { number, value } of readFields(bytes)) {
    const field = message.fields[number];
    if (!field)
      throw new ProtobufError(
        `has field ${number} in ${message.name}, which this server does not know; send JSON`,
      );
    const decoded = decodeValue(field.type, value, depth);
    if (decoded === undefined && !field.repeated) continue;
    const before = out[field.name];
    if (field.repeated) out[field.name] = [...((before as unknown[]) ?? []), decoded ?? ""];
    else if (typeof field.type === "object" && "map" in field.type)
      out[field.name] = { ...(before as object), ...(decoded as object) };
    else out[field.name] = decoded;
  }
  return out;
}

function decodeValue(type: FieldType, value: bigint | Uint8Array, depth: number): unknown {
  if (type === "skip") return undefined;
  if (typeof value === "bigint") return decodeNumber(type, value);
  if (typeof type === "object")
    return "map" in type
      ? decodeEntry(type.map, value)
      : decodeMessage(type.message, value, depth + 1);
  switch (type) {
    case "string":
      return value.length === 0 ? undefined : textOf(value);
    case "time":
      return decodeTime(value);
    case "int-or-string":
      return decodeIntOrString(value);
    case "json":
      return parseJson(value);
    default:
      throw new ProtobufError(`has bytes where a ${type} is expected`);
  }
}

function decodeNumber(type: FieldType, value: bigint): unknown {
  const number = Number(BigInt.asIntN(64, value));
  switch (type) {
    case "int":
      return number === 0 ? undefined : number;
    case "int?":
      return number;
    case "flag":
      return number === 0 ? undefined : true;
    case "flag?":
      return number !== 0;
    default:
      throw new ProtobufError("has a number where something else is expected");
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new ProtobufError("has a text that is not UTF-8", { cause });
  }
}

function decodeEntry(values: "string" | "bytes", bytes: Uint8Array): Record<string, string> {
  let key = "";
  let value: Uint8Array = new Uint8Array();
  for (const field of readFields(bytes)) {
    if (!(field.value instanceof Uint8Array)) throw new ProtobufError("has a map of numbers");
    if (field.number === 1) key = textOf(field.value);
    else if (field.number === 2) value = field.value;
  }
  const text = values === "bytes" ? Buffer.from(value).toString("base64") : textOf(value);
  return Object.fromEntries([[key, text]]);
}

function decodeTime(bytes: Uint8Array): string | undefined {
  let seconds = 0;
  for (const { number, value } of readFields(bytes))
    if (number === 1 && typeof value === "bigint") seconds = Number(BigInt.asIntN(64, value));
  // Seconds of the year 1 are Go's time that was never set.
  if (seconds <= 0) return undefined;
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) throw new ProtobufError("has a time that cannot be");
  return `${at.toISOString().slice(0, 19)}Z`;
}

function decodeIntOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  for (const { number: field, value } of readFields(bytes)) {
    if (field === 1) isText = value === 1n;
    else if (field === 2 && typeof value === "bigint") number = Number(BigInt.asIntN(32, value));
    else if (field === 3 && value instanceof Uint8Array) text = textOf(value);
  }
  return isText ? text : number;
}

function parseJson(bytes: Uint8Array): unknown {
  for (const { number, value } of readFields(bytes))
    if (number === 1 && value instanceof Uint8Array)
      try {
        return JSON.parse(textOf(value));
      } catch (cause) {
        throw new ProtobufError("has a text that is not JSON", { cause });
      }
  return undefined;
}
