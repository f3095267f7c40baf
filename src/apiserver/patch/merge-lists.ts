import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { childSchema } from "#resources/schema/unknown-fields.ts";
import { mergeKeyOf, withoutDirectives } from "./directives.ts";
import { PatchError } from "./patch-error.ts";

type Item = Record<string, unknown>;
type MergeItem = (schema: JsonSchema | undefined, target: Item, patch: Item) => Item | undefined;

/** A list that the schema says is merged: of plain values as a set, of objects by the merge key. */
export function mergeLists(
  schema: JsonSchema | undefined,
  target: readonly unknown[],
  patch: readonly unknown[],
  mergeItem: MergeItem,
): unknown[] {
  const isPlain = [...target, ...patch].every((item) => !isObject(item));
  if (isPlain) return [...target, ...patch.filter((item) => !target.includes(item))];
  const key = mergeKeyOf(schema);
  if (key === undefined)
    throw new PatchError("malformed", "a list of objects is merged without a merge key");
  const items = schema === undefined ? undefined : childSchema(schema, 0);
  const { replaces, removed, rest } = readDirectives(patch, key);
  if (replaces) return rest.map((item) => withoutDirectives(item));
  const out = target.filter(
    (item) => !removed.some((value) => isDeepStrictEqual(identityOf(item, key), value)),
  );
  for (const item of rest) {
    const at = out.findIndex((other) =>
      isDeepStrictEqual(identityOf(other, key), identityOf(item, key)),
    );
    if (at < 0) out.push(mergeItem(items, {}, item) ?? {});
    else out[at] = mergeItem(items, out[at] as Item, item);
  }
  return out;
}

function readDirectives(patch: readonly unknown[], key: string) {
  const removed: unknown[] = [];
  const rest: Item[] = [];
  let replaces = false;
  for (const item of patch) {
    if (!isObject(item))
      throw new PatchError("malformed", "a merged list mixes objects and values");
    const { $patch, ...fields } = item;
    if ($patch === "delete") removed.push(identityOf(item, key));
    else if ($patch === "replace") {
      replaces = true;
      if (Object.keys(fields).length > 0) rest.push(fields);
    } else if ($patch === undefined || $patch === "merge") rest.push(fields);
    else throw new PatchError("malformed", `Unknown patch type: ${String($patch)}`);
    if ($patch !== "replace") identityOf(item, key);
  }
  return { replaces, removed, rest };
}

function identityOf(item: unknown, key: string): unknown {
  const value = isObject(item) ? item[key] : undefined;
  if (value === undefined)
    throw new PatchError(
      "malformed",
      `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
    );
  return value;
}
