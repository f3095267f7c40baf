import type { Issue } from "#core/issue.ts";
import type { Resource } from "#resources/resource.ts";
import { checkSchema } from "#resources/schema/check-schema.ts";
import { pruneUnknownFields, unknownFields } from "#resources/schema/unknown-fields.ts";
import { badRequest } from "../errors/api-error.ts";
import { invalid } from "../errors/object-errors.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import type { FieldValidation } from "../registry/write-options.ts";
import { checkMeta } from "./check-meta.ts";

export interface Checked {
  readonly object: Resource;
  readonly warnings: readonly string[];
}

/** Applies the rule for fields that the schema does not have. Kinds with `strict` fields are left to `checkObject`. */
export function handleUnknownFields(
  kind: ServedKind,
  object: Resource,
  validation: FieldValidation,
): Checked {
  if (kind.fields === "strict") return { object, warnings: [] };
  const unknown = unknownFields(kind.wholeSchema, object);
  if (unknown.length === 0) return { object, warnings: [] };
  const texts = unknown.map(({ path }) => `unknown field ${JSON.stringify(path)}`);
  if (validation === "Strict") throw strictDecodingError(kind, object, texts);
  const pruned = pruneUnknownFields(kind.wholeSchema, object);
  return { object: pruned, warnings: validation === "Warn" ? texts : [] };
}

function strictDecodingError(kind: ServedKind, object: Resource, texts: readonly string[]) {
  const version = object.apiVersion.split("/").at(-1);
  return badRequest(
    `${kind.kind} in version "${version}" cannot be handled as a ${kind.kind}: strict decoding error: ${texts.join(", ")}`,
  );
}

/** Throws ApiError Invalid with everything that is wrong with the object. */
export function checkObject(kind: ServedKind, object: Resource): void {
  const issues = issuesOf(kind, object);
  if (issues.length > 0) throw invalid(kind, object.metadata.name, issues, object);
}

function issuesOf(kind: ServedKind, object: Resource): readonly Issue[] {
  const shape = [
    ...(kind.fields === "strict" ? unknownFields(kind.wholeSchema, object) : []),
    ...checkSchema(kind.wholeSchema, object),
  ];
  const isMeta = ({ path }: Issue): boolean => path.startsWith("metadata");
  const meta = shape.some(isMeta) ? [] : checkMeta(kind, object);
  // The object's own rules read it as a type, which only holds once its shape does.
  const own = shape.length > 0 ? [] : kind.validate(object);
  // A kind looks at its metadata too; what is said in Kubernetes' words is not said twice.
  return [...meta, ...shape, ...own.filter((issue) => meta.length === 0 || !isMeta(issue))];
}
