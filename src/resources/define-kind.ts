import Type, { type TProperties } from "typebox";
import type { Issue } from "#core/issue.ts";
import type { Column, JsonSchema, ResourceKind } from "./kind.ts";
import type { Resource } from "./resource.ts";
import { checkMetadata, type NameRule } from "./schema/check-metadata.ts";
import { text } from "./schema/fields.ts";
import { metadataSchema } from "./schema/metadata.ts";
import { withoutNulls } from "./schema/without-nulls.ts";

/** What a kind says of itself; `defineKind` adds what all kinds have. */
export interface KindDefinition {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly versions: readonly string[];
  /** First words of `explain` and of the reference page. */
  readonly description: string;
  /** Fields beside `apiVersion`, `kind` and `metadata`. */
  readonly properties: TProperties;
  readonly hasStatus: boolean;
  readonly columns: readonly Column[];
  readonly fields: "whole" | "strict";
  /** `subdomain` unless given. */
  readonly names?: NameRule;
  validate(object: Resource): readonly Issue[];
  warnings?(object: Resource): readonly string[];
  defaults?(object: Resource): Resource;
}

export function defineKind(definition: KindDefinition): ResourceKind {
  const { description, properties, names = "subdomain", defaults, ...rest } = definition;
  return {
    ...rest,
    singular: definition.kind.toLowerCase(),
    schema: objectSchema(description, properties),
    validate: (object) => {
      const clean = withoutNulls(object);
      return [...checkMetadata(names, clean), ...definition.validate(clean)];
    },
    applyDefaults: (object) => {
      const clean = withoutNulls(object);
      return defaults ? defaults(clean) : clean;
    },
  };
}

function objectSchema(description: string, properties: TProperties): JsonSchema {
  const all = {
    apiVersion: text("Group and version that the object is written in."),
    kind: text("Kind of the object."),
    metadata: metadataSchema,
    ...properties,
  };
  return Type.Object(all, { description }) as unknown as JsonSchema;
}
