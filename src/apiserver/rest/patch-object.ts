import type { Resource } from "#resources/resource.ts";
import { ApiError, badRequest } from "../errors/api-error.ts";
import {
  mediaTypeOf,
  parseJson,
  parseYaml,
  readText,
  unsupportedMediaType,
} from "../http/read-body.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { jsonPatch } from "../patch/json-patch.ts";
import { mergePatch } from "../patch/merge-patch.ts";
import { PatchError } from "../patch/patch-error.ts";
import { strategicPatch } from "../patch/strategic-patch.ts";
import { readObject } from "../registry/read-object.ts";
import { invalidOptions, readBoolean } from "./request-options.ts";
import { objectOf, type ResourceRequest, type RestDependencies } from "./resource-request.ts";
import { answerWritten, readWriteOptions } from "./write-objects.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
const APPLY_PATCH = "application/apply-patch+yaml";

/** Kinds that are kept whole are those of a cluster's core, which take strategic merge patches; custom ones do not. */
export function patchTypesOf({ fields }: ServedKind): readonly string[] {
  return fields === "whole"
    ? [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH]
    : [JSON_PATCH, MERGE_PATCH, APPLY_PATCH];
}

export async function patchObject(request: ResourceRequest, rest: RestDependencies) {
  const type = mediaTypeOf(request.http);
  const types = patchTypesOf(request.kind);
  if (!types.includes(type)) throw unsupportedMediaType(types);
  const text = await readText(request.http);
  return type === APPLY_PATCH
    ? applyConfiguration(request, rest, parseYaml(text))
    : applyPatch(request, rest, type, parseJson(text));
}

async function applyConfiguration(
  request: ResourceRequest,
  rest: RestDependencies,
  document: unknown,
) {
  if (!request.query.get("fieldManager")) {
    const message = "is required for apply patch";
    throw invalidOptions("PatchOptions", { path: "fieldManager", code: "required", message });
  }
  const options = {
    ...readWriteOptions(request, "PatchOptions"),
    force: readBoolean(request.query, "force"),
  };
  const ref = objectOf(request);
  const subresource = request.path.subresource === "status" ? "status" : "";
  const config = readObject(ref, document);
  return answerWritten(
    request,
    rest,
    await rest.registry.apply({ ref, subresource, config }, options),
  );
}

async function applyPatch(
  request: ResourceRequest,
  rest: RestDependencies,
  type: string,
  patch: unknown,
) {
  if (request.query.has("force")) {
    const message = "may not be specified for non-apply patch";
    throw invalidOptions("PatchOptions", { path: "force", code: "forbidden", message });
  }
  const options = readWriteOptions(request, "PatchOptions");
  const ref = objectOf(request);
  const subresource = request.path.subresource === "status" ? "status" : "";
  const change = (live: Resource) => ({
    object: readObject(ref, patched(request.kind, live, type, patch)),
  });
  return answerWritten(
    request,
    rest,
    await rest.registry.update({ ref, subresource, change }, options),
  );
}

function patched(kind: ServedKind, live: Resource, type: string, patch: unknown): unknown {
  try {
    if (type === JSON_PATCH) return jsonPatch(live, patch);
    if (type === STRATEGIC_PATCH) return strategicPatch(kind.wholeSchema, live, patch);
    if (typeof patch !== "object" || patch === null || Array.isArray(patch))
      throw new PatchError("malformed", "a merge patch is an object");
    return mergePatch(live, patch);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.kind === "malformed") throw badRequest(error.message);
    if (error.kind === "too-large") throw new ApiError("RequestEntityTooLarge", error.message);
    throw new ApiError(
      "Invalid",
      `the server rejected our request due to an error in our request: ${error.message}`,
      { cause: error },
    );
  }
}
