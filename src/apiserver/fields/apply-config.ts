import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "#resources/kind.ts";
import { FieldSet } from "./field-set.ts";
import { identityOf, type Manager, type Managers } from "./managers.ts";
import { merge } from "./merge.ts";
import { ownedFields } from "./owned-fields.ts";
import { removeFields, withNamedFields } from "./remove.ts";
import { serverFields } from "./server-fields.ts";
import { type FieldConflict, takeOver } from "./take-over.ts";
import type { Writer } from "./track-update.ts";

export type Applied =
  | { readonly kind: "applied"; readonly object: unknown; readonly managers: Managers }
  | { readonly kind: "conflict"; readonly conflicts: readonly FieldConflict[] };

export interface ApplyRequest {
  /** Without `metadata.managedFields`, as the configuration. */
  readonly live: unknown;
  readonly config: unknown;
  readonly managers: Managers;
  readonly writer: Writer;
  /** Takes fields from others instead of reporting conflicts. */
  readonly force: boolean;
  /** Fields that this endpoint does not write. */
  readonly ignored: FieldSet;
  /** Conflicts on these do not count: they were the caller's under client-side apply. */
  readonly forgiven?: FieldSet;
}

/**
 * Server-side apply: lays the configuration over the live object, and takes away what this manager applied before,
 * does not apply any more, and nobody else claims. Throws ShapeError when a list item has no identity.
 */
export function applyConfig(schema: JsonSchema, request: ApplyRequest): Applied {
  const { live, config, managers, writer, force, ignored } = request;
  const owned = ownedFields(schema, config).difference(ignored);
  const entry: Manager = { ...writer, operation: "Apply", fields: owned };
  const identity = identityOf(entry);
  const last = managers.get(identity);
  const claimed = new Map(managers).set(identity, entry);
  const merged = merge(schema, live, config);
  const object = (last ? prune(schema, merged, claimed, last.fields) : merged) ?? {};
  const taken = takeOver(schema, { before: live, after: object }, claimed, identity);
  const conflicts = taken.conflicts.filter(({ path }) => !request.forgiven?.has(path));
  if (!force && conflicts.length > 0) return { kind: "conflict", conflicts };
  const kept = new Map(taken.managers);
  const fields = owned.difference(serverFields);
  const unchanged =
    last !== undefined && isDeepStrictEqual(live, object) && last.fields.equals(fields);
  const time = unchanged ? last.time : writer.time;
  if (fields.isEmpty) kept.delete(identity);
  else kept.set(identity, { ...entry, fields, time });
  return { kind: "applied", object, managers: kept };
}

function prune(schema: JsonSchema, merged: unknown, managers: Managers, last: FieldSet): unknown {
  if (last.isEmpty) return merged;
  const named = (set: FieldSet): FieldSet => withNamedFields(schema, set);
  const lastNamed = named(last);
  const all = named(ownedFields(schema, merged));
  const left = (value: unknown): FieldSet => named(ownedFields(schema, value ?? {}));
  const without = removeFields(schema, merged, lastNamed);

  const claimed = [...managers.values()].reduce(
    (union, manager) => union.union(manager.fields),
    FieldSet.empty,
  );
  const keep = left(without).union(named(claimed));
  const owned = removeFields(schema, merged, all.difference(keep));

  // Only what this manager owned itself may go; the rest was taken along because it lies below.
  const dangling = all.difference(left(owned)).intersection(lastNamed);
  return removeFields(schema, merged, dangling);
}
