import { ownField, setOwnField } from "../own-field.ts";
import { isEmpty } from "./compare.ts";
import type { PathElement } from "./path-element.ts";
import {
  elementOf,
  type MaybeSchema,
  ShapeError,
  schemaOfField,
  schemaOfItem,
  shapeOf,
} from "./shape.ts";

/** `live` with everything that `config` says laid over it. `undefined` is absence. Throws ShapeError. */
export function merge(schema: MaybeSchema, live: unknown, config: unknown): unknown {
  const shape = shapeOf(schema, config === undefined ? live : config);
  const isReshaped = config !== undefined && live !== undefined && shapeOf(schema, live) !== shape;
  const base = isReshaped ? undefined : live;
  if (shape === "leaf" || (isEmpty(base) && isEmpty(config)))
    return config === undefined ? live : config;
  return shape === "map" ? mergeFields(schema, base, config) : mergeItems(schema, base, config);
}

function mergeFields(schema: MaybeSchema, live: unknown, config: unknown): unknown {
  const left = (live ?? {}) as Record<string, unknown>;
  const right = (config ?? {}) as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const child = merge(schemaOfField(schema, key), ownField(left, key), ownField(right, key));
    if (child !== undefined) setOwnField(out, key, child);
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

interface Indexed {
  readonly elements: readonly PathElement[];
  readonly items: ReadonlyMap<PathElement, unknown>;
}

function mergeItems(schema: MaybeSchema, live: unknown, config: unknown): unknown {
  const left = index(schema, live, (held) => (held ? null : undefined));
  const right = index(schema, config, (held, element) => {
    if (held) throw new ShapeError(`duplicate entries for key ${element}`);
    return undefined;
  });
  const merged = interleave(left.elements, right.elements).flatMap(({ element, position }) => {
    const mine = right.items.has(element)
      ? left.items.get(element)
      : ((live ?? []) as readonly unknown[])[position];
    const item = merge(schemaOfItem(schema), mine, right.items.get(element));
    return item === undefined ? [] : [item];
  });
  return merged.length > 0 ? merged : undefined;
}

/** `onRepeat` says what stands for an item whose identity was already taken; undefined keeps the item. */
function index(
  schema: MaybeSchema,
  list: unknown,
  onRepeat: (held: boolean, element: PathElement) => unknown,
): Indexed {
  const items = new Map<PathElement, unknown>();
  const elements = ((list ?? []) as readonly unknown[]).map((item) => {
    const element = elementOf(schema, item);
    const stand = onRepeat(items.has(element), element);
    items.set(element, stand === undefined ? item : stand);
    return element;
  });
  return { elements, items };
}

interface Place {
  readonly element: PathElement;
  /** In the live list, for an item that only it has. */
  readonly position: number;
}

/**
 * The order of the merged list: shared items stand in the configuration's order, and an item that only one side has
 * keeps its place relative to its neighbours on that side.
 */
function interleave(live: readonly PathElement[], config: readonly PathElement[]): Place[] {
  const inLive = new Set(live);
  const inConfig = new Set(config);
  const shared = config.filter((element) => inLive.has(element));
  const done = new Set<PathElement>();
  const out: Place[] = [];
  let nextShared = 0;
  let l = 0;
  let r = 0;
  while (l < live.length || r < config.length) {
    const left = live[l];
    const right = config[r];
    if (left !== undefined && left === right) {
      out.push({ element: left, position: l });
      done.add(left);
      l++;
      r++;
      nextShared++;
    } else if (
      left !== undefined &&
      right !== undefined &&
      inConfig.has(left) &&
      shared[nextShared] !== undefined &&
      shared[nextShared] !== left
    ) {
      l++; // shared, but another shared item comes first
    } else if (left !== undefined && !inConfig.has(left)) {
      out.push({ element: left, position: l });
      l++;
    } else {
      if (left !== undefined && done.has(left)) l++;
      if (right !== undefined) {
        out.push({ element: right, position: -1 });
        done.add(right);
        r++;
        if (shared[nextShared] === right) nextShared++;
      }
    }
  }
  return out;
}
