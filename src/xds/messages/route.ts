import type { PathMatch, Route, RouteMatch } from "#config/route.ts";
import { XdsError } from "../xds-error.ts";
import {
  RouteMatch as MatchMessage,
  Route as RouteMessage,
} from "./generated/envoy/config/route/v3/route_components.ts";
import { fromHeadersToAdd, toHeadersToAdd } from "./header-edits.ts";
import { fromMetadata, toMetadata } from "./metadata.ts";
import { actionExtras, fromAction, toAction } from "./route-action.ts";
import {
  fromHeaderMatcher,
  fromQueryMatcher,
  toHeaderMatcher,
  toQueryMatcher,
  toRegex,
} from "./string-match.ts";

export function toRoute(route: Route): RouteMessage {
  return {
    ...RouteMessage.create(),
    name: route.name,
    match: toMatch(route.match),
    action: toAction(route.action),
    metadata: toMetadata(actionExtras(route.action)),
    requestHeadersToAdd: toHeadersToAdd(route.requestHeaders),
    requestHeadersToRemove: [...route.requestHeaders.remove],
    responseHeadersToAdd: toHeadersToAdd(route.responseHeaders),
    responseHeadersToRemove: [...route.responseHeaders.remove],
  };
}

/** Throws XdsError `unsupported` for an action that Weft does not have; `at` says where, for the operator. */
export function fromRoute(message: RouteMessage, at: string): Route {
  const action = fromAction(message.action, fromMetadata(message.metadata));
  if (action === undefined)
    throw new XdsError(
      "unsupported",
      `${at}: action ${message.action?.$case ?? "(none)"} is not supported; use route, redirect or direct_response`,
    );
  return {
    name: message.name,
    match: fromMatch(message.match),
    action,
    requestHeaders: fromHeadersToAdd(message.requestHeadersToAdd, message.requestHeadersToRemove),
    responseHeaders: fromHeadersToAdd(
      message.responseHeadersToAdd,
      message.responseHeadersToRemove,
    ),
  };
}

function toMatch({ path, headers, query }: RouteMatch): MatchMessage {
  return {
    ...MatchMessage.create(),
    pathSpecifier: toPath(path),
    caseSensitive: path.kind !== "regex" && path.ignoreCase === true ? false : undefined,
    headers: headers.map(toHeaderMatcher),
    queryParameters: query.map(toQueryMatcher),
  };
}

function toPath(path: PathMatch): MatchMessage["pathSpecifier"] {
  switch (path.kind) {
    case "exact":
      return { $case: "path", value: path.value };
    case "prefix":
      return { $case: "prefix", value: path.value };
    case "regex":
      return { $case: "safeRegex", value: toRegex(path.value) };
  }
}

function fromMatch(message: MatchMessage | undefined): RouteMatch {
  return {
    path: fromPath(message),
    headers: (message?.headers ?? []).map(fromHeaderMatcher),
    query: (message?.queryParameters ?? []).map(fromQueryMatcher),
  };
}

function fromPath(message: MatchMessage | undefined): PathMatch {
  const specifier = message?.pathSpecifier;
  const caseless = message?.caseSensitive === false ? { ignoreCase: true } : {};
  if (specifier?.$case === "safeRegex") return { kind: "regex", value: specifier.value.regex };
  if (specifier?.$case === "path") return { kind: "exact", value: specifier.value, ...caseless };
  const value = specifier?.$case === "prefix" ? specifier.value : "";
  return { kind: "prefix", value, ...caseless };
}
