import { isObject } from "#resources/schema/field-path.ts";
import { ownField, setOwnField } from "../own-field.ts";

/** RFC 7386: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const out: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else setOwnField(out, key, mergePatch(ownField(out, key), value));
  }
  return out;
}
