import type { Discovery } from "../discovery/discovery.ts";
import { readRanges } from "../http/accept.ts";
import { answer } from "../http/answer.ts";

/** Answers paths that describe what is served; undefined for any other path. */
export function answerDiscovery(discovery: Discovery, request: Request): Response | undefined {
  const [, root, ...rest] = new URL(request.url).pathname.replace(/\/$/, "").split("/");
  if (root !== "api" && root !== "apis") return undefined;
  if (rest.length === 0) return answerRoot(discovery, root, request.headers.get("accept") ?? "");
  const [first = "", second] = rest;
  const document = describe(discovery, root, rest.length, first, second);
  return document === undefined ? undefined : answer(document);
}

function describe(
  discovery: Discovery,
  root: "api" | "apis",
  length: number,
  first: string,
  second: string | undefined,
): unknown {
  if (root === "api") return length === 1 ? discovery.resources("", first) : undefined;
  if (second === undefined) return discovery.group(first);
  return length === 2 ? discovery.resources(first, second) : undefined;
}

function answerRoot(discovery: Discovery, root: "api" | "apis", accept: string): Response {
  for (const { type, parameters } of readRanges(accept)) {
    if (type !== "application/json") continue;
    const version = parameters.get("v");
    const isAggregated =
      parameters.get("g") === "apidiscovery.k8s.io" &&
      parameters.get("as") === "APIGroupDiscoveryList" &&
      (version === "v2" || version === "v2beta1");
    if (parameters.has("as") && !isAggregated) continue;
    if (!isAggregated) break;
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const document = discovery.aggregated(root === "api" ? "core" : "groups", version);
    return answer(document, { headers: { "content-type": contentType, vary: "Accept" } });
  }
  return answer(root === "api" ? discovery.core() : discovery.groups());
}
