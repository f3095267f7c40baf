import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { childSchema } from "#resources/schema/unknown-fields.ts";
import { ownField } from "../own-field.ts";
import { DIRECTIVE, mergeKeyOf, withoutDirectives } from "./directives.ts";
import { orderLike } from "./element-order.ts";
import { PatchError } from "./patch-error.ts";

type Item = Record<string, unknown>;
type MergeItem = (schema: JsonSchema | undefined, target: Item, patch: Item) => Item;

/**
 * A list that the schema says is merged: of plain values as a set, of objects by the merge key. What the patch speaks
 * of stands in the patch's order.
 */
export function mergeLists(
  schema: JsonSchema | undefined,
  before: readonly unknown[],
  patch: readonly unknown[],
  mergeItem: MergeItem,
): readonly unknown[] {
  if (![...before, ...patch].some(isObject)) {
    const merged = [...new Set([...before, ...patch])];
    return orderLike(merged, { order: patch, before, mergeKey: undefined });
  }
  const mergeKey = mergeKeyOf(schema);
  if (mergeKey === undefined)
    throw new PatchError("malformed", "a list of objects cannot be merged without a merge key");
  const { replaces, removed, rest } = readDirectives(patch, mergeKey);
  if (replaces) return rest.map(withoutDirectives);
  const items = schema === undefined ? undefined : childSchema(schema, 0);
  const isNamed = (item: unknown, value: unknown): boolean =>
    isDeepStrictEqual(identityOf(item, mergeKey), value);
  const merged = before.filter((item) => !removed.some((value) => isNamed(item, value)));
  for (const item of rest) {
    const value = identityOf(item, mergeKey);
    const at = merged.findIndex((other) => isNamed(other, value));
    if (at < 0) merged.push(withoutDirectives(item));
    else merged[at] = mergeItem(items, merged[at] as Item, item);
  }
  return orderLike(merged, { order: rest, before, mergeKey });
}

function readDirectives(patch: readonly unknown[], mergeKey: string) {
  const removed: unknown[] = [];
  const rest: Item[] = [];
  let replaces = false;
  for (const item of patch) {
    if (!isObject(item))
      throw new PatchError("malformed", "a merged list mixes objects and values");
    switch (item[DIRECTIVE]) {
      case undefined:
        identityOf(item, mergeKey);
        rest.push(item);
        break;
      case "delete":
        removed.push(identityOf(item, mergeKey));
        break;
      case "replace":
        replaces = true;
        break;
      default:
        throw new PatchError("malformed", `Unknown patch type: ${String(item[DIRECTIVE])}`);
    }
  }
  return { replaces, removed, rest };
}

function identityOf(item: unknown, mergeKey: string): unknown {
  const value = ownField(item, mergeKey);
  if (value !== undefined) return value;
  const text = JSON.stringify(item);
  throw new PatchError(
    "malformed",
    `map: ${text} does not contain declared merge key: ${mergeKey}`,
  );
}
