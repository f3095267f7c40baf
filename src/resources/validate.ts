import type { Issue } from "#core/issue.ts";
import type { ResourceKind } from "./kind.ts";
import type { Resource } from "./resource.ts";
import { checkSchema } from "./schema/check-schema.ts";
import { isTooDeep, maxDepth } from "./schema/depth.ts";
import { unknownFields } from "./schema/unknown-fields.ts";
import { withoutNulls } from "./schema/without-nulls.ts";

/**
 * All that is wrong with one object on its own: never throws, and gives every error at once. For `whole` kinds,
 * fields outside the schema are left to the caller's field validation (see `unknownFields`).
 */
export function validateObject(kind: ResourceKind, object: Resource): readonly Issue[] {
  if (isTooDeep(object))
    return [{ path: "", code: "invalid", message: `nests deeper than ${maxDepth} levels` }];
  const clean = withoutNulls(object);
  const unknown = kind.fields === "strict" ? unknownFields(kind.schema, clean) : [];
  const violations = checkSchema(kind.schema, clean);
  const meaning = violations.length === 0 ? kind.validate(clean) : [];
  return [...unknown, ...violations, ...meaning];
}
