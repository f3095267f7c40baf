// Strategic merge patch: a merge patch that knows from the schema which lists are merged, and by which key. Directives:
// `$patch: replace|delete|merge`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`.
import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { childSchema } from "#resources/schema/unknown-fields.ts";
import {
  DELETE_FROM,
  DIRECTIVE,
  mergeKeyOf,
  ORDER,
  RETAIN,
  strategiesOf,
  withoutDirectives,
} from "./directives.ts";
import { orderLike } from "./element-order.ts";
import { mergeLists } from "./merge-lists.ts";
import { PatchError } from "./patch-error.ts";

type Fields = Record<string, unknown>;
type MaybeSchema = JsonSchema | undefined;

/** Neither argument is changed. Throws PatchError. */
export function strategicPatch(schema: JsonSchema, target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) throw new PatchError("malformed", "a strategic merge patch is an object");
  return mergeFields(schema, isObject(target) ? target : {}, patch) ?? {};
}

/** Undefined when the patch says that the object is to go. */
function mergeFields(schema: MaybeSchema, target: Fields, patch: Fields): Fields | undefined {
  const { [DIRECTIVE]: directive, [RETAIN]: retain, ...rest } = patch;
  if (directive === "replace") return withoutDirectives(rest) as Fields;
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw new PatchError(
      "malformed",
      `Unknown patch type: ${String(directive)} in ${JSON.stringify(patch)}`,
    );
  const out = retained({ ...target }, retain, rest);
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith(DELETE_FROM)) deleteFrom(out, key.slice(DELETE_FROM.length), value);
    else if (!key.startsWith(ORDER)) mergeField(schema, out, key, value);
  }
  for (const [key, value] of Object.entries(rest))
    if (key.startsWith(ORDER)) setOrder(schema, out, target, rest, key.slice(ORDER.length), value);
  return out;
}

function mergeField(schema: MaybeSchema, out: Fields, key: string, value: unknown): void {
  const own = schema === undefined ? undefined : childSchema(schema, key);
  const before = out[key];
  if (value === null) {
    delete out[key];
    return;
  }
  const strategy = strategiesOf(own);
  if (isObject(value) && isObject(before) && !strategy.includes("replace"))
    out[key] = mergeFields(own, before, value);
  else if (isObject(value)) out[key] = fresh(own, value);
  else if (Array.isArray(value) && strategy.includes("merge"))
    out[key] = mergeLists(own, Array.isArray(before) ? before : [], value, mergeFields);
  else out[key] = withoutDirectives(value);
}

/** A patch for something that is not there yet: what it would make of nothing. */
function fresh(schema: MaybeSchema, value: Fields): unknown {
  return mergeFields(schema, {}, value) ?? {};
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
  const before = out[key];
  if (Array.isArray(before)) out[key] = before.filter((item) => !values.includes(item));
}

function setOrder(
  schema: MaybeSchema,
  out: Fields,
  target: Fields,
  patch: Fields,
  key: string,
  order: unknown,
): void {
  if (!Array.isArray(order)) throw new PatchError("malformed", `${ORDER}${key} must be a list`);
  const own = schema === undefined ? undefined : childSchema(schema, key);
  const merged = out[key];
  if (!Array.isArray(merged) || !strategiesOf(own).includes("merge")) return;
  const patched = patch[key];
  out[key] = orderLike(merged, {
    order,
    before: Array.isArray(target[key]) ? (target[key] as unknown[]) : [],
    patched: Array.isArray(patched) ? patched : [],
    mergeKey: mergeKeyOf(own),
  });
}
