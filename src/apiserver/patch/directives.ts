import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";

export const DIRECTIVE = "$patch";
export const RETAIN = "$retainKeys";
export const ORDER = "$setElementOrder/";
export const DELETE_FROM = "$deleteFromPrimitiveList/";

export function strategiesOf(schema: JsonSchema | undefined): readonly string[] {
  const strategy = schema?.["x-kubernetes-patch-strategy"];
  return typeof strategy === "string" ? strategy.split(",") : [];
}

export function mergeKeyOf(schema: JsonSchema | undefined): string | undefined {
  const key = schema?.["x-kubernetes-patch-merge-key"];
  return typeof key === "string" ? key : undefined;
}

/** Directives inside something that replaces have nothing to act on, and are not stored. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value))
    return value.filter((item) => !(isObject(item) && DIRECTIVE in item)).map(withoutDirectives);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, child]) => !isDirective(key) && child !== null,
  );
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutDirectives(child)]));
}

function isDirective(key: string): boolean {
  return (
    key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE_FROM)
  );
}
