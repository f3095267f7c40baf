import { isObject } from "#resources/schema/field-path.ts";
import { DIRECTIVE } from "./directives.ts";
import { PatchError } from "./patch-error.ts";

export interface ElementOrder {
  /** Values, or objects of which only the merge key counts. */
  readonly order: readonly unknown[];
  readonly before: readonly unknown[];
  readonly mergeKey: string | undefined;
}

/**
 * Items that the order names stand as it says. An item that it does not name was added by somebody else: it keeps its
 * place relative to the named items around it in the list before.
 */
export function orderLike(merged: readonly unknown[], by: ElementOrder): readonly unknown[] {
  const identity = (item: unknown): string => identityOf(item, by.mergeKey);
  const place = firstPlaces(by.order.map(identity));
  const wasAt = firstPlaces(by.before.map(identity));
  const after = (places: ReadonlyMap<string, number>) => (a: unknown, b: unknown) =>
    (places.get(identity(a)) ?? 0) - (places.get(identity(b)) ?? 0);
  const named = merged.filter((item) => place.has(identity(item))).sort(after(place));
  const others = merged.filter((item) => !place.has(identity(item))).sort(after(wasAt));
  const out: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const at = wasAt.get(identity(item)) ?? -1;
    for (; next < others.length; next++) {
      const other = wasAt.get(identity(others[next]));
      if (other === undefined || other >= at) break;
      out.push(others[next]);
    }
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}

/** What a patch says of a list must come in the order that it sets, and be named there. Throws PatchError. */
export function checkOrder(
  patched: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  if (order.length === 0) return;
  const named = patched.filter((item) => !(isObject(item) && DIRECTIVE in item));
  const known = order.map((item) => identityOf(item, mergeKey));
  let at = 0;
  for (const item of named) {
    const found = known.indexOf(identityOf(item, mergeKey), at);
    if (found < 0)
      throw new PatchError(
        "malformed",
        "the order in patch list doesn't match $setElementOrder list",
      );
    at = found + 1;
  }
}

function firstPlaces(identities: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [i, identity] of identities.entries())
    if (!places.has(identity)) places.set(identity, i);
  return places;
}

function identityOf(item: unknown, mergeKey: string | undefined): string {
  return JSON.stringify(isObject(item) && mergeKey !== undefined ? item[mergeKey] : item);
}
