import { isObject } from "#resources/schema/field-path.ts";

export interface ElementOrder {
  /** What `$setElementOrder` says: values, or objects of which only the merge key counts. */
  readonly order: readonly unknown[];
  readonly before: readonly unknown[];
  readonly patched: readonly unknown[];
  readonly mergeKey: string | undefined;
}

/**
 * Items that the order names stand as it says. An item that it does not name was added by somebody else: it keeps its
 * place relative to the named items around it in the list before.
 */
export function orderLike(merged: readonly unknown[], by: ElementOrder): unknown[] {
  const identity = (item: unknown): string =>
    JSON.stringify(isObject(item) && by.mergeKey !== undefined ? item[by.mergeKey] : item);
  const place = new Map(by.order.map((item, i) => [identity(item), i]));
  const wasAt = new Map(by.before.map((item, i) => [identity(item), i]));
  const named = merged
    .filter((item) => place.has(identity(item)))
    .sort((a, b) => (place.get(identity(a)) ?? 0) - (place.get(identity(b)) ?? 0));
  const others = merged
    .filter((item) => !place.has(identity(item)))
    .sort((a, b) => (wasAt.get(identity(a)) ?? 0) - (wasAt.get(identity(b)) ?? 0));
  const out: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const at = wasAt.get(identity(item));
    for (; at !== undefined && next < others.length; next++) {
      const other = others[next];
      if ((wasAt.get(identity(other)) ?? Number.POSITIVE_INFINITY) > at) break;
      out.push(other);
    }
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}
