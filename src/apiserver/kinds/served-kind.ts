import { type JsonSchema, kindKey, type ResourceKind } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import { metadataSchema } from "#resources/schema/metadata.ts";
import type { KindKey } from "#store/store.ts";

/** A kind with the names that it goes by on the wire. */
export interface ServedKind extends ResourceKind {
  readonly key: KindKey;
  /** `virtualservices.networking.istio.io`, or `services`: as messages name it. */
  readonly resource: string;
  /** `VirtualService.networking.istio.io`, or `Service`. */
  readonly qualifiedKind: string;
  /** The kind's schema with `apiVersion`, `kind` and `metadata` as every object has them. */
  readonly wholeSchema: JsonSchema;
}

export function servedKind(kind: ResourceKind): ServedKind {
  const { group, plural } = kind;
  const properties = kind.schema.properties as Record<string, JsonSchema> | undefined;
  const wholeSchema = {
    ...kind.schema,
    type: "object",
    properties: {
      apiVersion: { type: "string", description: API_VERSION },
      kind: { type: "string", description: KIND },
      metadata: metadataSchema,
      ...withoutMeta(properties ?? {}),
    },
  };
  return Object.assign(Object.create(kind) as ResourceKind, {
    key: kindKey(kind),
    resource: group === "" ? plural : `${plural}.${group}`,
    qualifiedKind: group === "" ? kind.kind : `${kind.kind}.${group}`,
    wholeSchema,
  });
}

const API_VERSION = "The group and version of the schema that this object is written in.";
const KIND = "What kind of object this is.";

function withoutMeta(properties: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const { apiVersion: _, kind: __, metadata: ___, ...own } = properties;
  return own;
}

export function apiVersionOf({ group }: Pick<ResourceKind, "group">, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

export function storedVersion(kind: ResourceKind): string {
  return kind.versions[0] ?? "v1";
}

/** Versions differ in name only, so this is all of conversion. */
export function inVersion(object: Resource, kind: ServedKind, version: string): Resource {
  const apiVersion = apiVersionOf(kind, version);
  if (object.apiVersion === apiVersion && object.kind === kind.kind) return object;
  return { ...object, apiVersion, kind: kind.kind };
}
