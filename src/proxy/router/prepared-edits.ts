import type { HeaderEdits } from "#config/route.ts";
import { type FieldName, fieldName } from "#wire/http1/field-name.ts";
import { fieldLine, type HeadEdits } from "#wire/http1/head-edits.ts";

/** Header edits of a route and of its destination, made into one list when the configuration arrives. */
export interface PreparedEdits {
  readonly remove: readonly FieldName[];
  readonly set: readonly (readonly [name: FieldName, value: string])[];
  /** Whole lines, ready to be appended. */
  readonly added: string;
}

/** What the levels do to one field together. */
interface FieldFate {
  name: string;
  replaced:
    | { readonly kind: "kept" | "removed" }
    | { readonly kind: "set"; readonly value: string };
  added: string[];
}

/**
 * The levels are applied in the order given (Envoy's: destination, then route), each as remove, set, add. Undefined when
 * they do nothing. Throws RangeError for a name or value that cannot be sent.
 */
export function prepareEdits(levels: readonly HeaderEdits[]): PreparedEdits | undefined {
  const fates = new Map<string, FieldFate>();
  const fate = (name: string): FieldFate => {
    const key = name.toLowerCase();
    const known = fates.get(key) ?? { name, replaced: { kind: "kept" }, added: [] };
    fates.set(key, known);
    return known;
  };
  for (const level of levels) {
    for (const name of level.remove)
      Object.assign(fate(name), { replaced: { kind: "removed" }, added: [] });
    for (const [name, value] of level.set)
      Object.assign(fate(name), { name, replaced: { kind: "set", value }, added: [] });
    for (const [name, value] of level.add) fate(name).added.push(fieldLine(name, value));
  }
  return fates.size === 0 ? undefined : prepared([...fates.values()]);
}

function prepared(fates: readonly FieldFate[]): PreparedEdits {
  const set: (readonly [FieldName, string])[] = [];
  for (const { name, replaced } of fates)
    if (replaced.kind === "set") {
      fieldLine(name, replaced.value); // refuses what cannot be sent now instead of at the first request
      set.push([fieldName(name), replaced.value]);
    }
  return {
    remove: fates.filter((f) => f.replaced.kind === "removed").map((f) => fieldName(f.name)),
    set,
    added: fates.map((f) => f.added.join("")).join(""),
  };
}

/** Writes prepared edits into the edits of one message. */
export function applyEdits(prepared: PreparedEdits, edits: HeadEdits): void {
  for (const name of prepared.remove) edits.remove(name);
  for (const [name, value] of prepared.set) edits.set(name, value);
  if (prepared.added !== "") edits.addLines(prepared.added);
}
