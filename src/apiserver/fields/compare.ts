import { isDeepStrictEqual } from "node:util";
import { ownField } from "../own-field.ts";
import { FieldSet, type Path } from "./field-set.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import {
  elementOf,
  type MaybeSchema,
  type Shape,
  schemaOfField,
  schemaOfItem,
  shapeOf,
} from "./shape.ts";

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

interface Found {
  readonly added: Path[];
  readonly modified: Path[];
  readonly removed: Path[];
}

interface Side {
  readonly before: unknown;
  readonly after: unknown;
}

/** Which paths differ between two values of one schema. `undefined` is absence. */
export function compare(schema: MaybeSchema, before: unknown, after: unknown): Comparison {
  const found: Found = { added: [], modified: [], removed: [] };
  compareAt(schema, { before, after }, [], found);
  return {
    added: FieldSet.of(found.added),
    modified: FieldSet.of(found.modified),
    removed: FieldSet.of(found.removed),
  };
}

function compareAt(schema: MaybeSchema, side: Side, at: Path, found: Found): void {
  const shapes = shapesOf(schema, side);
  if (shapes.length > 1) {
    // It changed from one shape to another: all that was there is gone, and all that is there is new.
    compareAt(schema, { ...side, after: undefined }, at, found);
    compareAt(schema, { ...side, before: undefined }, at, found);
    return;
  }
  const descended = compareShape(schema, shapes[0] ?? "leaf", side, at, found);
  if (!descended) compareLeaf(side, at, found);
  else if (side.before === undefined) found.added.push(at);
  else if (side.after === undefined) found.removed.push(at);
}

function shapesOf(schema: MaybeSchema, { before, after }: Side): readonly Shape[] {
  const shapes = [before, after].flatMap((value) =>
    value === undefined ? [] : shapeOf(schema, value),
  );
  return [...new Set(shapes)];
}

function compareShape(
  schema: MaybeSchema,
  shape: Shape,
  side: Side,
  at: Path,
  found: Found,
): boolean {
  // Two empty sides are a leaf, so that absent, null and empty stay three things.
  if (shape === "leaf" || (isEmpty(side.before) && isEmpty(side.after))) return false;
  if (shape === "map") compareFields(schema, side, at, found);
  else compareItems(schema, side, at, found);
  return true;
}

export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function compareLeaf({ before, after }: Side, at: Path, found: Found): void {
  if (before === undefined) found.added.push(at);
  else if (after === undefined) found.removed.push(at);
  else if (!isDeepStrictEqual(before, after)) found.modified.push(at);
}

function compareFields(schema: MaybeSchema, side: Side, at: Path, found: Found): void {
  const before = (side.before ?? {}) as Record<string, unknown>;
  const after = (side.after ?? {}) as Record<string, unknown>;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const child = { before: ownField(before, key), after: ownField(after, key) };
    compareAt(schemaOfField(schema, key), child, [...at, fieldElement(key)], found);
  }
}

function compareItems(schema: MaybeSchema, side: Side, at: Path, found: Found): void {
  const before = byElement(schema, side.before);
  const after = byElement(schema, side.after);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const path = [...at, element];
    const left = before.get(element) ?? [];
    const right = after.get(element) ?? [];
    const item = (one: Side) => compareAt(schemaOfItem(schema), one, path, found);
    if (left.length <= 1 && right.length <= 1) item({ before: left[0], after: right[0] });
    else if (left.length > 1 && right.length > 1) {
      if (!isDeepStrictEqual(left, right)) found.modified.push(path);
    } else if (left.length > 1) {
      if (right.length > 0) item({ before: undefined, after: right[0] });
      found.removed.push(path);
    } else {
      if (left.length > 0) item({ before: left[0], after: undefined });
      found.added.push(path);
    }
  }
}

function byElement(schema: MaybeSchema, list: unknown): Map<PathElement, unknown[]> {
  const items = (list ?? []) as readonly unknown[];
  return Map.groupBy(items, (item) => elementOf(schema, item));
}
