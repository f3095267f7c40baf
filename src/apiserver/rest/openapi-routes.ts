import { notAcceptable, readRanges } from "../http/accept.ts";
import type { OpenApi, OpenApiDocument } from "../openapi/open-api.ts";
import { OPENAPI_V2_PROTOBUF } from "../openapi/v2-protobuf.ts";

const YEAR_SECONDS = 365 * 24 * 3600;

/** Answers paths below `/openapi`; undefined for one that is not there. */
export function answerOpenApi(openApi: OpenApi, request: Request): Response | undefined {
  const url = new URL(request.url);
  const accept = request.headers.get("accept") ?? "*/*";
  const document = find(
    openApi,
    url.pathname,
    readRanges(accept).map(({ type }) => type),
  );
  if (!document) return undefined;
  const etag = `"${document.hash}"`;
  const isPinned = url.searchParams.get("hash") === document.hash;
  const headers = {
    etag,
    vary: "Accept",
    "content-type": document.contentType,
    "cache-control": isPinned ? `public, immutable, max-age=${YEAR_SECONDS}` : "no-cache, private",
  };
  if (request.headers.get("if-none-match") === etag)
    return new Response(null, { status: 304, headers });
  return new Response(document.body, { headers });
}

function find(
  openApi: OpenApi,
  pathname: string,
  types: readonly string[],
): OpenApiDocument | undefined {
  const path = pathname.replace(/\/$/, "");
  const isV2 = path === "/openapi/v2";
  const wanted = types.find((type) => isJson(type) || (isV2 && type === OPENAPI_V2_PROTOBUF));
  const document =
    isV2 && wanted === OPENAPI_V2_PROTOBUF ? openApi.v2Protobuf() : findJson(openApi, path);
  if (document && wanted === undefined) throw notAcceptable("application/json");
  return document;
}

function findJson(openApi: OpenApi, path: string): OpenApiDocument | undefined {
  if (path === "/openapi/v2") return openApi.v2();
  if (path === "/openapi/v3") return openApi.index();
  return path.startsWith("/openapi/v3/")
    ? openApi.v3(path.slice("/openapi/v3/".length))
    : undefined;
}

function isJson(type: string): boolean {
  return type === "application/json" || type === "application/*" || type === "*/*";
}
