// Strategic merge patch: a merge patch that knows from the schema which lists are merged, and by which key. Directives:
// `$patch: replace|delete`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`.
import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { childSchema } from "#resources/schema/unknown-fields.ts";
import { ownField, setOwnField } from "../own-field.ts";
import {
  DELETE_FROM,
  DIRECTIVE,
  mergeKeyOf,
  ORDER,
  RETAIN,
  strategiesOf,
  withoutDirectives,
} from "./directives.ts";
import { checkOrder, orderLike } from "./element-order.ts";
import { mergeLists } from "./merge-lists.ts";
import { PatchError } from "./patch-error.ts";

type Fields = Record<string, unknown>;
type MaybeSchema = JsonSchema | undefined;

/** Neither argument is changed. Throws PatchError. */
export function strategicPatch(schema: JsonSchema, target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) throw new PatchError("malformed", "a strategic merge patch is an object");
  return mergeFields(schema, isObject(target) ? target : {}, patch);
}

function mergeFields(schema: MaybeSchema, target: Fields, patch: Fields): Fields {
  const { [DIRECTIVE]: directive, [RETAIN]: retain, ...rest } = patch;
  if (directive === "replace") return withoutDirectives(rest) as Fields;
  if (directive === "delete") return {};
  if (directive !== undefined) throw unknownDirective(directive);
  const out = retained({ ...target }, retain, rest);
  const inOrder = new Set<string>();
  for (const [key, order] of Object.entries(rest))
    if (key.startsWith(ORDER)) {
      const field = key.slice(ORDER.length);
      inOrder.add(field);
      mergeInOrder(schema, out, rest, field, order);
    }
  for (const [key, value] of Object.entries(rest))
    if (!key.startsWith("$") && !(inOrder.has(key) && Array.isArray(value)))
      mergeField(schema, out, key, value);
  for (const [key, values] of Object.entries(rest))
    if (key.startsWith(DELETE_FROM)) deleteFrom(out, key.slice(DELETE_FROM.length), values);
  return out;
}

function mergeField(schema: MaybeSchema, out: Fields, key: string, value: unknown): void {
  const before = ownField(out, key);
  if (value === null) {
    delete out[key];
    return;
  }
  const own = schema === undefined ? undefined : childSchema(schema, key);
  const strategies = strategiesOf(own);
  if (isObject(value) && isObject(before) && !strategies.includes("replace"))
    setOwnField(out, key, mergeFields(own, before, value));
  else if (Array.isArray(value) && Array.isArray(before) && strategies.includes("merge"))
    setOwnField(out, key, mergeLists(own, before, value, mergeFields));
  else if (isObject(value) && DIRECTIVE in value && !isObject(before)) delete out[key];
  else setOwnField(out, key, withoutDirectives(value));
}

/** A list whose order the patch sets, with what it changes of the list, if anything. */
function mergeInOrder(
  schema: MaybeSchema,
  out: Fields,
  patch: Fields,
  key: string,
  order: unknown,
): void {
  const own = schema === undefined ? undefined : childSchema(schema, key);
  const before = readList(ownField(out, key), key);
  const patched = readList(ownField(patch, key), key);
  if (!Array.isArray(order)) throw new PatchError("malformed", `${ORDER}${key} must be a list`);
  const mergeKey = mergeKeyOf(own);
  checkOrder(patched ?? [], order, mergeKey);
  if (before === undefined && patched === undefined) return;
  const merged = mergedList(own, before, patched);
  out[key] = orderLike(merged, {
    order,
    before: standing(before ?? [], merged, mergeKey),
    mergeKey,
  });
}

/** What counts as the order before, as a kube-apiserver has it: new items take the places of deleted ones at the end. */
function standing(
  before: readonly unknown[],
  merged: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const identity = (item: unknown): unknown =>
    isObject(item) && mergeKey !== undefined ? item[mergeKey] : item;
  const left = new Set(merged.map(identity));
  const known = new Set(before.map(identity));
  const kept = before.filter((item) => left.has(identity(item)));
  const added = merged.filter((item) => !known.has(identity(item)));
  return [...kept, ...added.slice(0, before.length - kept.length)];
}

function mergedList(
  schema: MaybeSchema,
  before: readonly unknown[] | undefined,
  patched: readonly unknown[] | undefined,
): readonly unknown[] {
  if (patched === undefined) return before ?? [];
  if (before === undefined || !strategiesOf(schema).includes("merge"))
    return withoutDirectives(patched) as readonly unknown[];
  return mergeLists(schema, before, patched, mergeFields);
}

function readList(value: unknown, key: string): readonly unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  if (value === null)
    throw new PatchError("malformed", `${ORDER}${key} orders a list that the patch removes`);
  throw new PatchError("malformed", `${ORDER}${key} orders what is no list`);
}

/** `$retainKeys`: of what is there, only these stay; the patch may speak of no others. */
function retained(target: Fields, retain: unknown, patch: Fields): Fields {
  if (retain === undefined) return target;
  if (!Array.isArray(retain)) throw new PatchError("malformed", `${RETAIN} must be a list of keys`);
  const kept = new Set(retain.map(String));
  for (const [key, value] of Object.entries(patch))
    if (value !== null && !key.startsWith("$") && !kept.has(key))
      throw new PatchError("malformed", `${RETAIN} list doesn't contain ${key}`);
  return Object.fromEntries(Object.entries(target).filter(([key]) => kept.has(key)));
}

function deleteFrom(out: Fields, key: string, values: unknown): void {
  if (!Array.isArray(values))
    throw new PatchError("malformed", `${DELETE_FROM}${key} must be a list`);
  const before = ownField(out, key);
  if (Array.isArray(before))
    setOwnField(
      out,
      key,
      before.filter((item) => !values.includes(item)),
    );
}

function unknownDirective(directive: unknown): PatchError {
  return new PatchError("malformed", `Unknown patch type: ${String(directive)}`);
}
