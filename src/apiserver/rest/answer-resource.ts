import type { User } from "../admission/admission.ts";
import { ApiError } from "../errors/api-error.ts";
import { pageNotFound } from "../http/answer.ts";
import { findReview } from "../reviews/reviews.ts";
import { answerReview } from "./answer-review.ts";
import { patchObject } from "./patch-object.ts";
import { getObject, listCollection } from "./read-objects.ts";
import { readBoolean } from "./request-options.ts";
import { type RequestPath, readRequestPath } from "./request-path.ts";
import {
  methodNotAllowed,
  type ResourceRequest,
  type RestDependencies,
  readResourceRequest,
} from "./resource-request.ts";
import { answerTokenRequest } from "./token-request.ts";
import { watchCollection } from "./watch-collection.ts";
import { createInCollection, deleteCollection, deleteOne, replaceObject } from "./write-objects.ts";

type Handler = (request: ResourceRequest, rest: RestDependencies) => Promise<Response> | Response;

const ON_COLLECTION: Readonly<Record<string, Handler>> = {
  GET: (request, rest) =>
    readBoolean(request.query, "watch")
      ? watchCollection(request, rest)
      : listCollection(request, rest),
  POST: createInCollection,
  DELETE: deleteCollection,
};
const ON_OBJECT: Readonly<Record<string, Handler>> = {
  GET: (request, rest) =>
    readBoolean(request.query, "watch") ? watchOne(request, rest) : getObject(request, rest),
  PUT: replaceObject,
  PATCH: patchObject,
  DELETE: deleteOne,
};
const ON_STATUS: Readonly<Record<string, Handler>> = {
  GET: getObject,
  PUT: replaceObject,
  PATCH: patchObject,
};

/** Answers a request for objects, or that there are none of that kind. Throws ApiError. */
export async function answerResource(
  http: Request,
  user: User,
  rest: RestDependencies,
): Promise<Response> {
  const path = readRequestPath(new URL(http.url).pathname);
  if (!path) return pageNotFound();
  const review = findReview(path.group, path.version, path.plural);
  if (review && path.name === "") return answerReview(http, review, user);
  const kind = rest.registry.table.find(path, path.plural);
  if (!kind) return isKnownVersion(path, rest) ? unknownResource() : pageNotFound();
  const request = readResourceRequest(http, path, kind, user);
  const handlers = handlersFor(request, rest);
  if (!handlers) throw resourceNotFound();
  const handler = handlers[http.method === "HEAD" ? "GET" : http.method];
  if (!handler) throw methodNotAllowed();
  return handler(request, rest);
}

function handlersFor(
  { path, kind }: ResourceRequest,
  { issueToken }: RestDependencies,
): Readonly<Record<string, Handler>> | undefined {
  const scoped = path.namespace !== "";
  if (scoped && !kind.namespaced) return undefined;
  const { name, subresource } = path;
  if (name === "")
    // Over all namespaces one can only look.
    return kind.namespaced && !scoped ? { GET: ON_COLLECTION.GET as Handler } : ON_COLLECTION;
  if (kind.namespaced && !scoped) return undefined;
  if (subresource === "") return ON_OBJECT;
  if (subresource === "status" && kind.hasStatus) return ON_STATUS;
  if (subresource === "token" && kind.key === "serviceaccounts" && issueToken)
    return { POST: (request, rest) => answerTokenRequest(request, rest, issueToken) };
  return undefined;
}

function watchOne(request: ResourceRequest, rest: RestDependencies): Response {
  const query = new URLSearchParams(request.query);
  query.set("fieldSelector", `metadata.name=${request.path.name}`);
  return watchCollection({ ...request, query }, rest);
}

function isKnownVersion(path: RequestPath, { registry }: RestDependencies): boolean {
  return registry.table.inGroupVersion(path).length > 0;
}

function unknownResource(): never {
  throw resourceNotFound();
}

function resourceNotFound(): ApiError {
  return new ApiError("NotFound", "the server could not find the requested resource", {
    details: {},
  });
}
