import type { JsonSchema } from "#resources/kind.ts";
import { childSchema, propertiesOf } from "#resources/schema/unknown-fields.ts";
import { fieldOf, keyElement, type PathElement, valueElement } from "./path-element.ts";

/**
 * How a value is merged, which depends on its schema and, where the schema leaves it open, on the value.
 * A leaf is owned and replaced whole.
 */
export type Shape = "leaf" | "map" | "list";

/** No schema: maps merge by key, lists are leaves. */
export type MaybeSchema = JsonSchema | undefined;

export function shapeOf(schema: MaybeSchema, value: unknown): Shape {
  const declared = schema?.["x-kubernetes-int-or-string"] === true ? "string" : schema?.type;
  if (Array.isArray(value) || (value === null && declared === "array"))
    return listType(schema) === "atomic" ? "leaf" : "list";
  const isMap = typeof value === "object" && (value !== null || declared !== "string");
  if (!isMap) return "leaf";
  if (value === null && declared !== "object" && declared !== undefined) return "leaf";
  return schema?.["x-kubernetes-map-type"] === "atomic" ? "leaf" : "map";
}

function listType(schema: MaybeSchema): unknown {
  return schema?.["x-kubernetes-list-type"] ?? "atomic";
}

export function schemaOfField(schema: MaybeSchema, field: string): MaybeSchema {
  return schema === undefined ? undefined : childSchema(schema, field);
}

export function schemaOfItem(schema: MaybeSchema): MaybeSchema {
  return schema === undefined ? undefined : childSchema(schema, 0);
}

export function schemaBelow(schema: MaybeSchema, element: PathElement): MaybeSchema {
  const field = fieldOf(element);
  return field === undefined ? schemaOfItem(schema) : schemaOfField(schema, field);
}

/** Whether the schema names the field, rather than allowing any key. */
export function isNamedField(schema: MaybeSchema, field: string): boolean {
  return schema !== undefined && Object.hasOwn(propertiesOf(schema), field);
}

export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** How an item of an associative list is told from the others. Throws ShapeError when it has no identity. */
export function elementOf(schema: MaybeSchema, item: unknown): PathElement {
  if (listType(schema) === "set") {
    if (typeof item === "object") throw new ShapeError("an item of a set must be a plain value");
    return valueElement(item);
  }
  if (typeof item !== "object" || item === null || Array.isArray(item))
    throw new ShapeError("an item of an associative list must be an object");
  const names = schema?.["x-kubernetes-list-map-keys"] as readonly string[] | undefined;
  const keys = (names ?? []).map((name) => [name, keyOf(schema, item, name)] as const);
  return keyElement(Object.fromEntries(keys));
}

function keyOf(schema: MaybeSchema, item: object, name: string): unknown {
  if (Object.hasOwn(item, name)) return (item as Record<string, unknown>)[name];
  const standard = schemaOfField(schemaOfItem(schema), name)?.default;
  if (standard !== undefined) return standard;
  throw new ShapeError(
    `associative list with keys has an element that omits key field ${JSON.stringify(name)} (and doesn't have default value)`,
  );
}
