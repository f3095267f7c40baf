import type { Issue } from "#core/issue.ts";
import type { Resource } from "./resource.ts";

/**
 * All that the rest of Weft needs to know of one kind of object. One folder per kind holds its value;
 * nobody else asks *which* kind they hold, they ask the kind.
 */
export interface ResourceKind {
  /** API group, `""` for core. */
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** kubectl categories, e.g. `istio-io`, `all`. */
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Served versions; the first is preferred and is the one stored. Versions differ in name only. */
  readonly versions: readonly string[];
  /**
   * JSON Schema (draft 2020-12 subset that OpenAPI v3 can carry) of the whole object, made with typebox. Carries
   * `description`s for `explain`, `x-kubernetes-list-type`, `x-kubernetes-list-map-keys`, `x-kubernetes-patch-merge-key`,
   * `x-kubernetes-patch-strategy`, `x-kubernetes-int-or-string`, `x-kubernetes-preserve-unknown-fields` where they apply.
   */
  readonly schema: JsonSchema;
  readonly hasStatus: boolean;
  /** Columns beside NAME and AGE for tables. */
  readonly columns: readonly Column[];
  /**
   * `whole`: kept as a cluster would keep it, fields that Weft does not act on included (core kinds).
   * `strict`: a field outside the schema is refused at any field-validation level, because nothing that is
   * accepted may do nothing.
   */
  readonly fields: "whole" | "strict";
  /** What the schema cannot say about one object on its own. Called only when the schema holds. */
  validate(object: Resource): readonly Issue[];
  /** Warnings about one object on its own, as sentences. */
  warnings?(object: Resource): readonly string[];
  /** Fills in the documented defaults that are stored (as a cluster's API server does for core kinds). */
  applyDefaults?(object: Resource): Resource;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date" | "boolean";
  readonly description: string;
  /** 0 is always shown; above 0 only with `-o wide`. */
  readonly priority: number;
  value(object: Resource): string | number | boolean | undefined;
}

/** `<plural>.<group>` or `<plural>` for core: how stores and logs name a kind. */
export function kindKey(kind: Pick<ResourceKind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}
