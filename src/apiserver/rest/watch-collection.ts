import { apiVersionOf } from "../kinds/served-kind.ts";
import { watchResponse } from "../watch/watch-response.ts";
import { presentObject } from "./present.ts";
import { invalidOptions, readBoolean, readSelection, readWholeNumber } from "./request-options.ts";
import { collectionOf, type ResourceRequest, type RestDependencies } from "./resource-request.ts";

/** Watches without a time of their own end after this and up to twice as long, so that they do not end together. */
const MIN_WATCH_MS = 30 * 60_000;

export function watchCollection(request: ResourceRequest, rest: RestDependencies): Response {
  const { query, kind, path } = request;
  const sendInitialEvents = readSendInitialEvents(query);
  const after = query.get("resourceVersion") || undefined;
  const seconds = readWholeNumber(query, "timeoutSeconds");
  const timeoutMs = seconds ? seconds * 1000 : MIN_WATCH_MS * (1 + rest.random());
  const watch = rest.registry.watch({
    ref: collectionOf(request),
    selection: readSelection(query),
    ...(after === undefined ? {} : { after }),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  });
  const wantsBookmarks = readBoolean(query, "allowWatchBookmarks");
  const bookmark = { apiVersion: apiVersionOf(kind, path.version), kind: kind.kind };
  return watchResponse(watch, {
    present: (object, isFirst) => presentObject(request, rest, object, isFirst),
    bookmark: wantsBookmarks ? bookmark : undefined,
    timeoutMs,
    onFailure: (error) => rest.log.error({ err: error, kind: kind.key }, "a watch failed"),
  });
}

function readSendInitialEvents(query: URLSearchParams): boolean | undefined {
  if (!query.has("sendInitialEvents")) return undefined;
  if (query.get("resourceVersionMatch") !== "NotOlderThan") {
    const path = "resourceVersionMatch";
    const message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    throw invalidOptions("ListOptions", { path, code: "forbidden", message });
  }
  return readBoolean(query, "sendInitialEvents");
}
