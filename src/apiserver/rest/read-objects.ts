import { answer } from "../http/answer.ts";
import type { ListRequest } from "../registry/list-objects.ts";
import { presentList, presentObject } from "./present.ts";
import { invalidOptions, readSelection, readWholeNumber } from "./request-options.ts";
import {
  collectionOf,
  objectOf,
  type ResourceRequest,
  type RestDependencies,
} from "./resource-request.ts";

export async function getObject(request: ResourceRequest, rest: RestDependencies) {
  const object = await rest.registry.get(objectOf(request));
  return answer(presentObject(request, rest, object), { encoding: request.accepted.encoding });
}

export async function listCollection(request: ResourceRequest, rest: RestDependencies) {
  const page = await rest.registry.list(readListRequest(request));
  const { items, resourceVersion, continueFrom, remaining } = page;
  const metadata = {
    resourceVersion,
    ...(continueFrom === undefined ? {} : { continue: continueFrom }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  const { encoding } = request.accepted;
  return answer(presentList(request, rest, items, metadata), { encoding });
}

function readListRequest(request: ResourceRequest): ListRequest {
  const { query } = request;
  const limit = readWholeNumber(query, "limit");
  const continueFrom = query.get("continue") || undefined;
  const version = readVersion(query, continueFrom);
  return {
    ref: collectionOf(request),
    selection: readSelection(query),
    ...(limit ? { limit } : {}),
    ...(continueFrom === undefined ? {} : { continueFrom }),
    ...(version === undefined ? {} : { version }),
  };
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions */
function readVersion(
  query: URLSearchParams,
  continueFrom: string | undefined,
): ListRequest["version"] {
  const resourceVersion = query.get("resourceVersion") || undefined;
  const match = query.get("resourceVersionMatch") || undefined;
  const refuse = (path: string, code: string, message: string, value?: unknown) =>
    invalidOptions("ListOptions", { path, code, message }, value);
  if (match !== undefined) {
    const path = "resourceVersionMatch";
    if (resourceVersion === undefined)
      throw refuse(path, "forbidden", `${path} is forbidden unless resourceVersion is provided`);
    if (continueFrom !== undefined)
      throw refuse(path, "forbidden", `${path} is forbidden when continue is provided`);
    if (match !== "Exact" && match !== "NotOlderThan")
      throw refuse(
        path,
        "unsupported-value",
        'supported values: "Exact", "NotOlderThan", ""',
        match,
      );
    if (match === "Exact" && resourceVersion === "0")
      throw refuse(path, "forbidden", `${path} "Exact" is forbidden for resourceVersion "0"`);
  }
  if (resourceVersion === undefined) return undefined;
  if (continueFrom !== undefined && resourceVersion !== "0")
    throw refuse(
      "resourceVersion",
      "forbidden",
      "specifying resource version is not allowed when using continue",
    );
  // With a limit and no match the old rule holds: exactly this version.
  const isExact =
    match === "Exact" ||
    (match === undefined &&
      resourceVersion !== "0" &&
      query.has("limit") &&
      query.get("limit") !== "0");
  return { match: isExact ? "exact" : "at-least", resourceVersion };
}
