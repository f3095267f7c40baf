import type { JsonSchema } from "#resources/kind.ts";
import { metadataSchema } from "#resources/schema/metadata.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { INT_OR_STRING, openApiSchema, type Reference } from "./schema-writer.ts";

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
export const STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
export const DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
export const PATCH = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

/** `io.istio.networking.v1.VirtualService`; the core group as Kubernetes names it. */
export function definitionName({ group, kind }: ServedKind, version: string): string {
  const prefix = group === "" ? "io.k8s.api.core" : group.split(".").reverse().join(".");
  return `${prefix}.${version}.${kind}`;
}

const objectMeta: JsonSchema = { ...metadataSchema };

/** The schemas of a kind and of lists of it. */
export function kindDefinitions(
  kind: ServedKind,
  version: string,
  reference: Reference,
): Record<string, unknown> {
  const name = definitionName(kind, version);
  const { properties, ...own } = openApiSchema(kind.wholeSchema, reference);
  const groupVersion = { group: kind.group, version };
  return {
    [name]: {
      ...own,
      properties: {
        ...(properties as object),
        metadata: reference(OBJECT_META, objectMeta.description),
      },
      "x-kubernetes-group-version-kind": [{ ...groupVersion, kind: kind.kind }],
    },
    [`${name}List`]: {
      type: "object",
      description: `${kind.kind}List is a list of ${kind.kind}.`,
      required: ["items"],
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: reference(LIST_META),
        items: { type: "array", items: reference(name) },
      },
      "x-kubernetes-group-version-kind": [{ ...groupVersion, kind: `${kind.kind}List` }],
    },
  };
}

const text = { type: "string" };

const plainDefinitions: Readonly<Record<string, unknown>> = {
  [INT_OR_STRING]: {
    description: "A number or a text.",
    oneOf: [{ type: "integer" }, { type: "string" }],
    format: "int-or-string",
  },
  [LIST_META]: {
    type: "object",
    description: "Version and paging of a list.",
    properties: {
      resourceVersion: text,
      continue: text,
      remainingItemCount: { type: "integer", format: "int64" },
      selfLink: text,
    },
  },
  [STATUS]: {
    type: "object",
    description: "The outcome of a call that returns no object.",
    properties: {
      apiVersion: text,
      kind: text,
      status: text,
      message: text,
      reason: text,
      code: { type: "integer", format: "int32" },
      details: { type: "object" },
      metadata: { type: "object" },
    },
  },
  [DELETE_OPTIONS]: {
    type: "object",
    description: "How to delete an object.",
    properties: {
      apiVersion: text,
      kind: text,
      propagationPolicy: text,
      gracePeriodSeconds: { type: "integer", format: "int64" },
      dryRun: { type: "array", items: text },
      preconditions: { type: "object", properties: { uid: text, resourceVersion: text } },
    },
  },
  [PATCH]: {
    type: "object",
    description: "A patch in one of the formats that the operation lists.",
  },
};

/** What every document refers to. */
export function commonDefinitions(reference: Reference): Record<string, unknown> {
  return { [OBJECT_META]: openApiSchema(objectMeta, reference), ...plainDefinitions };
}
