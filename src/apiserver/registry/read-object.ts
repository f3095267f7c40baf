import type { ObjectMeta, Resource } from "#resources/resource.ts";
import { isObject } from "#resources/schema/field-path.ts";
import { withoutNulls } from "#resources/schema/without-nulls.ts";
import { badRequest } from "../errors/api-error.ts";
import { apiVersionOf } from "../kinds/served-kind.ts";
import type { CollectionRef } from "./object-ref.ts";

/**
 * A user's document as an object of the kind and version that the request names; only its outline is checked here.
 * Throws ApiError BadRequest.
 */
export function readObject({ kind, version }: CollectionRef, value: unknown): Resource {
  if (!isObject(value)) throw badRequest("the body of the request must be an object");
  const apiVersion = apiVersionOf(kind, version);
  const said = value.apiVersion ?? apiVersion;
  const saidKind = value.kind ?? kind.kind;
  if (saidKind !== kind.kind)
    throw badRequest(
      `${String(saidKind)} in version ${JSON.stringify(String(said))} cannot be handled as a ${kind.kind}`,
    );
  if (said !== apiVersion)
    throw badRequest(
      `the API version in the data (${String(said)}) does not match the expected API version (${apiVersion})`,
    );
  const object = withoutNulls(value);
  return { ...object, apiVersion, kind: kind.kind, metadata: readMeta(object.metadata) };
}

function readMeta(value: unknown): ObjectMeta {
  if (value === undefined) return { name: "" };
  if (!isObject(value)) throw badRequest("metadata must be an object");
  const { name = "", namespace } = value;
  if (typeof name !== "string") throw badRequest("metadata.name must be a string");
  if (namespace !== undefined && typeof namespace !== "string")
    throw badRequest("metadata.namespace must be a string");
  return { ...value, name };
}
