import type { JsonSchema } from "#resources/kind.ts";
import { compare } from "./compare.ts";
import { FieldSet } from "./field-set.ts";
import { identityOf, type Manager, type Managers } from "./managers.ts";
import { serverFields } from "./server-fields.ts";
import { takeOver } from "./take-over.ts";

const MAX_UPDATERS = 10;
const ANCIENT = "ancient-changes";

/** Who writes, when and through what. */
export type Writer = Omit<Manager, "operation" | "fields">;

interface Update {
  readonly before: unknown;
  readonly after: unknown;
}

/** The managers after an update, a patch or a creation: the writer owns what it changed, nobody else does any more. */
export function trackUpdate(
  schema: JsonSchema,
  update: Update,
  managers: Managers,
  writer: Writer,
): Managers {
  const { managers: left, comparison } = takeOver(schema, update, managers, "");
  const changed = comparison.modified.union(comparison.added).difference(serverFields);
  if (changed.isEmpty) return left;
  const entry: Manager = { ...writer, operation: "Update", fields: changed };
  const identity = identityOf(entry);
  const fields = changed.union(left.get(identity)?.fields ?? FieldSet.empty);
  return capped(new Map(left).set(identity, { ...entry, fields }));
}

/** Too many updaters: the oldest are put together, so that the list cannot grow without end. */
function capped(managers: Managers): Managers {
  const updaters = [...managers.values()]
    .filter(({ operation }) => operation === "Update")
    .sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? -1 : 1));
  if (updaters.length <= MAX_UPDATERS) return managers;
  const out = new Map(managers);
  for (const old of updaters.slice(0, updaters.length - MAX_UPDATERS + 1)) {
    out.delete(identityOf(old));
    const name = old.subresource === "" ? ANCIENT : `${ANCIENT}-${old.subresource}`;
    const bucket = { ...old, name };
    const known = out.get(identityOf(bucket));
    const fields = known ? known.fields.union(old.fields) : old.fields;
    out.set(identityOf(bucket), { ...bucket, fields });
  }
  return out;
}

/** Whether two states say the same, whoever wrote them. */
export function isSame(schema: JsonSchema, before: unknown, after: unknown): boolean {
  const { added, modified, removed } = compare(schema, before, after);
  return added.isEmpty && modified.isEmpty && removed.isEmpty;
}
