import type { Issue } from "#core/issue.ts";

/**
 * An issue for each value that stood in the list before; `undefined` is never a duplicate. `at` gets its index and that
 * of the first. Linear, however long the list is.
 */
export function duplicates(
  values: readonly (string | number | undefined)[],
  at: (index: number, first: number) => Issue,
): readonly Issue[] {
  const firsts = new Map<string | number, number>();
  return values.flatMap((value, i) => {
    if (value === undefined) return [];
    const first = firsts.get(value);
    if (first !== undefined) return [at(i, first)];
    firsts.set(value, i);
    return [];
  });
}
