import type { Issue } from "#core/issue.ts";
import type { JsonSchema } from "../kind.ts";
import type { Resource } from "../resource.ts";
import { fieldPath, isObject } from "./field-path.ts";
import { didYouMean } from "./nearest.ts";

/**
 * Fields that the schema does not have, each an issue: `unsupported-field` for those that the API knows and this
 * version does not act on, `unknown-field` for the rest.
 */
export function unknownFields(schema: JsonSchema, object: Resource): readonly Issue[] {
  const issues: Issue[] = [];
  walk(schema, object, "", (path, key, at) => issues.push(issueOf(path, key, at)));
  return issues;
}

/** The object without the fields that the schema does not have, as an API server prunes. */
export function pruneUnknownFields(schema: JsonSchema, object: Resource): Resource {
  return copyKnown(schema, object) as Resource;
}

export function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return isObject(schema.properties) ? (schema.properties as Record<string, JsonSchema>) : {};
}

export function refusedFieldsOf(schema: JsonSchema): Readonly<Record<string, string>> {
  return (schema["x-weft-refused"] as Record<string, string> | undefined) ?? {};
}

/** Schema of the values below `key`: its own, the map's, or undefined. Lists answer for any position. */
export function childSchema(schema: JsonSchema, key: string | number): JsonSchema | undefined {
  if (typeof key === "number") return isObject(schema.items) ? schema.items : undefined;
  const property = Object.hasOwn(propertiesOf(schema), key) ? propertiesOf(schema)[key] : undefined;
  if (property !== undefined) return property;
  return isObject(schema.additionalProperties) ? schema.additionalProperties : undefined;
}

function isOpen(schema: JsonSchema): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true || schema.type !== "object";
}

type OnUnknown = (path: string, key: string, at: JsonSchema) => void;

function walk(schema: JsonSchema, value: unknown, path: string, onUnknown: OnUnknown): void {
  if (Array.isArray(value)) {
    const items = childSchema(schema, 0);
    if (items)
      for (const [i, item] of value.entries()) walk(items, item, fieldPath(path, i), onUnknown);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    const known = childSchema(schema, key);
    if (known) walk(known, child, fieldPath(path, key), onUnknown);
    else if (!isOpen(schema)) onUnknown(fieldPath(path, key), key, schema);
  }
}

function copyKnown(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = childSchema(schema, 0);
    return items ? value.map((item) => copyKnown(items, item)) : value;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const known = childSchema(schema, key);
    if (known) return [[key, copyKnown(known, child)]];
    return isOpen(schema) ? [[key, child]] : [];
  });
  return Object.fromEntries(entries);
}

function issueOf(path: string, key: string, schema: JsonSchema): Issue {
  const refused = refusedFieldsOf(schema);
  const reason = Object.hasOwn(refused, key) ? refused[key] : undefined;
  if (reason !== undefined) {
    const message = `not supported by this version of Weft; remove it (${reason})`;
    return { path, code: "unsupported-field", message };
  }
  const names = Object.keys(propertiesOf(schema));
  const hint = didYouMean(key, names);
  const known =
    names.length === 0 ? "no field is known here" : `expected one of ${names.join(", ")}`;
  return { path, code: "unknown-field", message: `unknown field "${key}"${hint || `; ${known}`}` };
}
