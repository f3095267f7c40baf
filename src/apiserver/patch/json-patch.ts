import { isDeepStrictEqual } from "node:util";
import { isObject } from "#resources/schema/field-path.ts";
import { setOwnField } from "../own-field.ts";
import { PatchError } from "./patch-error.ts";

/** As in Kubernetes: more operations than this are refused before any is tried. */
const MAX_OPERATIONS = 10_000;
/** As in Kubernetes: what all copies of a patch may add, as JSON text. Without it, forty that each double are a terabyte. */
const MAX_COPIED_CHARS = 3 * 1024 * 1024;

type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: Pointer; readonly value: unknown }
  | { readonly op: "remove"; readonly path: Pointer }
  | { readonly op: "move" | "copy"; readonly path: Pointer; readonly from: Pointer };

type Pointer = readonly string[];

/** RFC 6902. The target is not changed. Throws PatchError. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw new PatchError("malformed", "a JSON patch is a list of operations");
  if (patch.length > MAX_OPERATIONS)
    throw new PatchError(
      "malformed",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  const copies = new CopyBudget();
  return patch
    .map(readOperation)
    .reduce((document, operation) => step(document, operation, copies), structuredClone(target));
}

class CopyBudget {
  #chars = 0;

  copyOf(value: unknown): unknown {
    this.#chars += JSON.stringify(value).length;
    if (this.#chars <= MAX_COPIED_CHARS) return structuredClone(value);
    throw new PatchError(
      "too-large",
      `Unable to complete the copy, the accumulated size increase of JSON patch copy is ${this.#chars}, exceeding the limit ${MAX_COPIED_CHARS}`,
    );
  }
}

function readOperation(value: unknown): Operation {
  if (!isObject(value)) throw new PatchError("malformed", "an operation must be an object");
  const { op } = value;
  const path = readPointer(value.path, "path");
  switch (op) {
    case "remove":
      return { op, path };
    case "move":
    case "copy":
      return { op, path, from: readPointer(value.from, "from") };
    case "add":
    case "replace":
    case "test":
      if (!Object.hasOwn(value, "value") && op !== "test")
        throw new PatchError("malformed", `${op} operation needs a value`);
      return { op, path, value: value.value ?? null };
    default:
      throw new PatchError("malformed", `Unexpected kind: ${String(op)}`);
  }
}

function readPointer(value: unknown, what: string): Pointer {
  if (typeof value !== "string" || (value !== "" && !value.startsWith("/")))
    throw new PatchError("malformed", `${what} must be a JSON pointer`);
  return value
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function step(document: unknown, operation: Operation, copies: CopyBudget): unknown {
  const { op, path } = operation;
  switch (op) {
    case "add":
      return add(document, path, structuredClone(operation.value));
    case "remove":
      return remove(document, path);
    case "replace":
      lookUp(document, path, "replace");
      return add(
        path.length === 0 ? undefined : remove(document, path),
        path,
        structuredClone(operation.value),
      );
    case "move": {
      const moved = lookUp(document, operation.from, "move");
      return add(remove(document, operation.from), path, moved);
    }
    case "copy":
      return add(document, path, copies.copyOf(lookUp(document, operation.from, "copy")));
    case "test":
      if (!isDeepStrictEqual(find(document, path) ?? null, operation.value))
        throw failed("testing value", path, "test failed");
      return document;
  }
}

function find(document: unknown, path: Pointer): unknown {
  let at = document;
  for (const part of path) {
    if (Array.isArray(at)) at = at[indexOf(part, at.length - 1) ?? -1];
    else if (isObject(at) && Object.hasOwn(at, part)) at = at[part];
    else return undefined;
  }
  return at;
}

function lookUp(document: unknown, path: Pointer, op: string): unknown {
  const found = find(document, path);
  if (found === undefined) throw failed(`${op} operation does not apply`, path, "missing value");
  return found;
}

function parentOf(document: unknown, path: Pointer, op: string): unknown {
  const parent = find(document, path.slice(0, -1));
  if (!Array.isArray(parent) && !isObject(parent))
    throw failed(`${op} operation does not apply`, path, "doc is missing path");
  return parent;
}

function add(document: unknown, path: Pointer, value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = parentOf(document, path, "add");
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : indexOf(last, parent.length);
    if (index === undefined)
      throw failed("add operation does not apply", path, "invalid array index");
    parent.splice(index, 0, value);
  } else setOwnField(parent as Record<string, unknown>, last, value);
  return document;
}

function remove(document: unknown, path: Pointer): unknown {
  const last = path.at(-1);
  if (last === undefined)
    throw new PatchError("inapplicable", "the whole document cannot be removed");
  const parent = parentOf(document, path, "remove");
  const index = Array.isArray(parent) ? indexOf(last, parent.length - 1) : undefined;
  if (Array.isArray(parent) && index !== undefined) parent.splice(index, 1);
  else if (isObject(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw failed("remove operation does not apply", path, "Unable to remove nonexistent key");
  return document;
}

function indexOf(part: string, max: number): number | undefined {
  if (!/^(0|[1-9]\d{0,8})$/.test(part)) return undefined;
  const index = Number(part);
  return index <= max ? index : undefined;
}

function failed(what: string, path: Pointer, why: string): PatchError {
  return new PatchError("inapplicable", `${what} /${path.join("/")}: ${why}`);
}
