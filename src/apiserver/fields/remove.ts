import type { FieldSet } from "./field-set.ts";
import { fieldElement, fieldOf } from "./path-element.ts";
import {
  elementOf,
  isNamedField,
  type MaybeSchema,
  schemaBelow,
  schemaOfField,
  schemaOfItem,
  shapeOf,
} from "./shape.ts";

/** The value without the paths of the set. Undefined when nothing is left of a list or map. */
export function removeFields(schema: MaybeSchema, value: unknown, remove: FieldSet): unknown {
  switch (shapeOf(schema, value)) {
    case "leaf":
      // Reached only when something below a leaf is to go: then the leaf goes, unless it is a plain value.
      return typeof value === "object" ? undefined : value;
    case "list":
      return removeItems(schema, value, remove);
    case "map":
      return removeEntries(schema, value, remove);
  }
}

function removeItems(schema: MaybeSchema, value: unknown, remove: FieldSet): unknown {
  const kept = ((value ?? []) as readonly unknown[]).flatMap((item) => {
    const element = elementOf(schema, item);
    if (remove.hasMember(element)) return [];
    const below = remove.below(element);
    return [below.isEmpty ? item : (removeFields(schemaOfItem(schema), item, below) ?? null)];
  });
  return kept.length > 0 ? kept : undefined;
}

function removeEntries(schema: MaybeSchema, value: unknown, remove: FieldSet): unknown {
  const kept = Object.entries(value ?? {}).flatMap(([key, child]): [string, unknown][] => {
    const element = fieldElement(key);
    if (remove.hasMember(element)) return [];
    const below = remove.below(element);
    if (below.isEmpty) return [[key, child]];
    return [[key, removeFields(schemaOfField(schema, key), child, below) ?? null]];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** Fields that the schema names are members whenever something below them is, so that removal reaches them. */
export function withNamedFields(schema: MaybeSchema, set: FieldSet): FieldSet {
  return set.withMembers((element, at) => {
    const parent = at.reduce<MaybeSchema>((here, step) => schemaBelow(here, step), schema);
    const field = fieldOf(element);
    return field !== undefined && isNamedField(parent, field);
  });
}
