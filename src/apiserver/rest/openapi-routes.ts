import type { OpenApi, OpenApiDocument } from "../openapi/open-api.ts";
import { notAcceptable, readRanges } from "./accept.ts";

const YEAR_SECONDS = 365 * 24 * 3600;

/** Answers paths below `/openapi`; undefined for one that is not there. */
export function answerOpenApi(openApi: OpenApi, request: Request): Response | undefined {
  const url = new URL(request.url);
  const document = find(openApi, url.pathname);
  if (!document) return undefined;
  // Only JSON is written. Clients that would rather have protobuf name JSON too, or fall back to it on this answer.
  const accept = request.headers.get("accept") ?? "*/*";
  if (!readRanges(accept).some(({ type }) => isJson(type))) throw notAcceptable("application/json");
  const etag = `"${document.hash}"`;
  const isPinned = url.searchParams.get("hash") === document.hash;
  const headers = {
    etag,
    vary: "Accept",
    "content-type": "application/json",
    "cache-control": isPinned ? `public, immutable, max-age=${YEAR_SECONDS}` : "no-cache, private",
  };
  if (request.headers.get("if-none-match") === etag)
    return new Response(null, { status: 304, headers });
  return new Response(document.text, { headers });
}

function find(openApi: OpenApi, pathname: string): OpenApiDocument | undefined {
  const path = pathname.replace(/\/$/, "");
  if (path === "/openapi/v2") return openApi.v2();
  if (path === "/openapi/v3") return openApi.index();
  return path.startsWith("/openapi/v3/")
    ? openApi.v3(path.slice("/openapi/v3/".length))
    : undefined;
}

function isJson(type: string): boolean {
  return type === "application/json" || type === "application/*" || type === "*/*";
}
