import { isObject } from "#resources/schema/field-path.ts";
import { ApiError, badRequest } from "../errors/api-error.ts";
import { invalid } from "../errors/object-errors.ts";
import { successStatus } from "../errors/status.ts";
import { answer } from "../http/answer.ts";
import { readDocument } from "../http/read-body.ts";
import { readObject } from "../registry/read-object.ts";
import type { DeleteOptions, WriteOptions } from "../registry/write-options.ts";
import type { Written } from "../registry/written.ts";
import { presentList, presentObject } from "./present.ts";
import {
  invalidOptions,
  readDryRun,
  readFieldManager,
  readFieldValidation,
  readSelection,
} from "./request-options.ts";
import {
  collectionOf,
  objectOf,
  type ResourceRequest,
  type RestDependencies,
} from "./resource-request.ts";

export function readWriteOptions(
  { http, query, user }: ResourceRequest,
  kind: string,
): WriteOptions {
  return {
    user,
    fieldManager: readFieldManager(http, query),
    fieldValidation: readFieldValidation(query, kind),
    dryRun: readDryRun(query.getAll("dryRun"), kind),
  };
}

export function answerWritten(
  request: ResourceRequest,
  rest: RestDependencies,
  { object, warnings, outcome }: Written,
): Response {
  const status = outcome === "created" ? 201 : 200;
  const { encoding } = request.accepted;
  return answer(presentObject(request, rest, object), { status, warnings, encoding });
}

export async function createInCollection(request: ResourceRequest, rest: RestDependencies) {
  const options = readWriteOptions(request, "CreateOptions");
  const ref = collectionOf(request);
  const object = readObject(ref, await readDocument(request.http));
  return answerWritten(request, rest, await rest.registry.create(ref, object, options));
}

export async function replaceObject(request: ResourceRequest, rest: RestDependencies) {
  const options = readWriteOptions(request, "UpdateOptions");
  const ref = objectOf(request);
  const subresource = request.path.subresource === "status" ? "status" : "";
  const object = readObject(ref, await readDocument(request.http));
  const { kind } = request;
  if (object.metadata.name === "")
    throw badRequest("name must be provided in the object as it is in the URL");
  if (kind.fields === "strict" && !object.metadata.resourceVersion) {
    const path = "metadata.resourceVersion";
    throw invalidVersion(request, path);
  }
  const written = await rest.registry.update(
    { ref, subresource, change: () => ({ object }) },
    options,
  );
  return answerWritten(request, rest, written);
}

function invalidVersion({ kind, path }: ResourceRequest, field: string) {
  const issue = { path: field, code: "invalid", message: "must be specified for an update" };
  return invalid(kind, path.name, [issue], { metadata: { resourceVersion: 0 } });
}

export async function deleteOne(request: ResourceRequest, rest: RestDependencies) {
  const options = await readDeleteOptions(request);
  const ref = objectOf(request);
  const { object, warnings, outcome } = await rest.registry.delete(ref, options);
  if (outcome !== "deleted") return answer(presentObject(request, rest, object), { warnings });
  const { name, uid } = object.metadata;
  const { group, plural } = request.kind;
  const details = {
    name,
    ...(group === "" ? {} : { group }),
    kind: plural,
    ...(uid ? { uid } : {}),
  };
  return answer(successStatus(details), { warnings });
}

export async function deleteCollection(request: ResourceRequest, rest: RestDependencies) {
  const options = await readDeleteOptions(request);
  const ref = collectionOf(request);
  const page = await rest.registry.list({ ref, selection: readSelection(request.query) });
  const gone = await Promise.all(
    page.items.map(({ metadata }) =>
      rest.registry
        .delete({ ...ref, namespace: metadata.namespace ?? "", name: metadata.name }, options)
        .then(({ object }) => object)
        .catch(absent),
    ),
  );
  const items = gone.filter((object) => object !== undefined);
  return answer(presentList(request, rest, items, { resourceVersion: page.resourceVersion }));
}

/** Somebody else may delete an object of the collection while we do. */
function absent(error: unknown): undefined {
  if (error instanceof ApiError && error.reason === "NotFound") return undefined;
  throw error;
}

const PROPAGATIONS = ["Orphan", "Background", "Foreground"] as const;

async function readDeleteOptions({ http, query, user }: ResourceRequest): Promise<DeleteOptions> {
  const parsed = await readDocument(http);
  const body = isObject(parsed) ? parsed : {};
  const preconditions = isObject(body.preconditions) ? body.preconditions : {};
  const inBody = Array.isArray(body.dryRun) ? body.dryRun : [];
  return {
    user,
    dryRun: readDryRun([...query.getAll("dryRun"), ...inBody], "DeleteOptions"),
    propagation: readPropagation(body, query),
    ...(typeof preconditions.uid === "string" ? { uid: preconditions.uid } : {}),
    ...(typeof preconditions.resourceVersion === "string"
      ? { resourceVersion: preconditions.resourceVersion }
      : {}),
  };
}

function readPropagation(body: Record<string, unknown>, query: URLSearchParams) {
  const orphan = body.orphanDependents ?? query.get("orphanDependents");
  const policy = body.propagationPolicy ?? query.get("propagationPolicy");
  if (policy === null || policy === undefined)
    return orphan === true || orphan === "true" ? "Orphan" : "Background";
  const known = PROPAGATIONS.find((propagation) => propagation === policy);
  if (known) return known;
  const message = 'supported values: "Foreground", "Background", "Orphan", "nil"';
  const issue = { path: "propagationPolicy", code: "unsupported-value", message };
  throw invalidOptions("DeleteOptions", issue, policy);
}
