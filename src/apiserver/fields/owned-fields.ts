import { FieldSet, type Path } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import {
  elementOf,
  isNamedField,
  type MaybeSchema,
  schemaOfField,
  schemaOfItem,
  shapeOf,
} from "./shape.ts";

/** The paths that a configuration speaks about: its leaves, its items, and its empty maps. */
export function ownedFields(schema: MaybeSchema, value: unknown): FieldSet {
  const paths: Path[] = [];
  collect(schema, value, [], paths);
  return FieldSet.of(paths);
}

function collect(schema: MaybeSchema, value: unknown, at: Path, out: Path[]): void {
  switch (shapeOf(schema, value)) {
    case "leaf":
      out.push(at);
      return;
    case "list":
      collectItems(schema, (value ?? []) as readonly unknown[], at, out);
      return;
    case "map":
      for (const [key, child] of Object.entries(value ?? {})) {
        const path = [...at, fieldElement(key)];
        collect(schemaOfField(schema, key), child, path, out);
        if (isEmptyMap(child) || !isNamedField(schema, key)) out.push(path);
      }
  }
}

/** Items that share an identity are owned together, without looking into them. */
function collectItems(schema: MaybeSchema, items: readonly unknown[], at: Path, out: Path[]): void {
  const elements = items.map((item) => elementOf(schema, item));
  const seen = new Map<PathElement, number>();
  for (const element of elements) seen.set(element, (seen.get(element) ?? 0) + 1);
  for (const [i, element] of elements.entries()) {
    const path = [...at, element];
    out.push(path);
    if (seen.get(element) === 1) collect(schemaOfItem(schema), items[i], path, out);
  }
}

function isEmptyMap(value: unknown): boolean {
  if (value === null) return true;
  return (
    typeof value === "object" && !Array.isArray(value) && Object.keys(value ?? {}).length === 0
  );
}
