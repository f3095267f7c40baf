import { PersistentMap } from "./persistent-map.ts";

/** Lists by key, each in one agreed order whatever order its items came in: an index over objects. */
export type SortedLists<T> = PersistentMap<readonly T[]>;

/** How objects of one kind are found again. */
export interface Indexing<T> {
  /** Keys under which an object is listed. */
  keysOf(item: T): Iterable<string>;
  /** Total order within one list. */
  compare(a: T, b: T): number;
}

/** One object before and after a change; absent on one side when it is new or gone. */
export interface Replacement<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

interface ListEdit<T> {
  readonly removed: Set<T>;
  readonly added: T[];
}

/** Replaces `before` by `after` in every list that holds either; lists that hold neither stay the same. */
export function reindex<T>(
  lists: SortedLists<T>,
  indexing: Indexing<NoInfer<T>>,
  replacements: readonly Replacement<NoInfer<T>>[],
): SortedLists<T> {
  if (replacements.length === 0) return lists;
  const edits = new Map<string, ListEdit<T>>();
  const edit = (key: string): ListEdit<T> => {
    const known = edits.get(key) ?? { removed: new Set(), added: [] };
    edits.set(key, known);
    return known;
  };
  for (const { before, after } of replacements) {
    if (before !== undefined)
      for (const key of indexing.keysOf(before)) edit(key).removed.add(before);
    if (after !== undefined)
      for (const key of indexing.keysOf(after)) {
        const { added } = edit(key);
        if (added.at(-1) !== after) added.push(after); // a key that is given twice counts once
      }
  }
  const changes = [...edits].map(([key, change]) => {
    const items = applyEdit(lists.get(key) ?? [], change, indexing.compare);
    return [key, items.length === 0 ? undefined : items] as const;
  });
  return lists.with(changes);
}

export function emptyLists<T>(): SortedLists<T> {
  return PersistentMap.empty();
}

function applyEdit<T>(
  items: readonly T[],
  { removed, added }: ListEdit<T>,
  compare: (a: T, b: T) => number,
): readonly T[] {
  const kept = removed.size === 0 ? items : items.filter((item) => !removed.has(item));
  const [first, ...more] = added;
  if (first === undefined) return kept;
  if (more.length > 0) return [...kept, ...added].sort(compare);
  const at = kept.findIndex((item) => compare(first, item) < 0);
  return at < 0 ? [...kept, first] : kept.toSpliced(at, 0, first);
}
