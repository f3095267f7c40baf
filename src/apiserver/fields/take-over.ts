import type { JsonSchema } from "#resources/kind.ts";
import { type Comparison, compare } from "./compare.ts";
import { describePath, type FieldSet, type Path } from "./field-set.ts";
import { describeManager, type Manager, type Managers } from "./managers.ts";

/** One field that somebody else owns and that an apply would change. */
export interface FieldConflict {
  readonly manager: Manager;
  readonly path: Path;
}

export interface TakeOver {
  readonly managers: Managers;
  readonly comparison: Comparison;
  readonly conflicts: readonly FieldConflict[];
}

/** What a change of the object means for everybody's fields but the writer's own. */
export function takeOver(
  schema: JsonSchema,
  change: { readonly before: unknown; readonly after: unknown },
  managers: Managers,
  writer: string,
): TakeOver {
  const comparison = compare(schema, change.before, change.after);
  const written = comparison.modified.union(comparison.added);
  const conflicts: FieldConflict[] = [];
  const left = new Map<string, Manager>();
  for (const [identity, manager] of managers) {
    const fields =
      identity === writer ? manager.fields : lose(manager, written, comparison.removed);
    if (identity !== writer)
      for (const path of manager.fields.intersection(written).paths())
        conflicts.push({ manager, path });
    if (!fields.isEmpty) left.set(identity, { ...manager, fields });
  }
  return { managers: left, comparison, conflicts };
}

function lose({ fields }: Manager, written: FieldSet, removed: FieldSet): FieldSet {
  return fields.difference(fields.intersection(written)).difference(removed);
}

export function describeConflicts(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${describeManager(first.manager)}: ${describePath(first.path)}`;
  const byManager = Map.groupBy(conflicts, ({ manager }) => describeManager(manager));
  const parts = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, own]) => [
      `conflicts with ${name}:`,
      ...own.map(({ path }) => `- ${describePath(path)}`),
    ]);
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join("\n")}`;
}
