import type { JsonSchema } from "#resources/kind.ts";
import { isObject } from "#resources/schema/field-path.ts";

/** The part of JSON Schema that OpenAPI 2 and 3.0 share. */
const KEPT = new Set([
  "type",
  "format",
  "description",
  "enum",
  "default",
  "required",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
]);

export const INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

/** How a document refers to a definition, with words of its own about it. */
export type Reference = (name: string, description?: unknown) => Record<string, unknown>;

/** Our schemas in OpenAPI's words. Kubernetes' extensions stay, our own do not. */
export function openApiSchema(schema: JsonSchema, reference: Reference): Record<string, unknown> {
  if (schema["x-kubernetes-int-or-string"] === true)
    return reference(INT_OR_STRING, schema.description);
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT.has(key) || key.startsWith("x-kubernetes-")) out[key] = value;
    else if (key === "const") out.enum = [value];
    else if (key === "exclusiveMinimum")
      Object.assign(out, { minimum: value, exclusiveMinimum: true });
    else if (key === "exclusiveMaximum")
      Object.assign(out, { maximum: value, exclusiveMaximum: true });
    else if (key === "properties" && isObject(value)) out.properties = eachSchema(value, reference);
    else if ((key === "items" || key === "additionalProperties") && isObject(value))
      out[key] = openApiSchema(value, reference);
  }
  return out;
}

function eachSchema(
  schemas: Record<string, unknown>,
  reference: Reference,
): Record<string, unknown> {
  const entries = Object.entries(schemas).filter((entry): entry is [string, JsonSchema] =>
    isObject(entry[1]),
  );
  return Object.fromEntries(
    entries.map(([name, schema]) => [name, openApiSchema(schema, reference)]),
  );
}
