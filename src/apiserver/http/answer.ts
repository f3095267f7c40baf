import { stringify } from "yaml";
import { type ApiError, statusOf } from "../errors/api-error.ts";
import type { Accepted } from "./accept.ts";

export interface AnswerOptions {
  readonly status?: number;
  readonly warnings?: readonly string[];
  readonly encoding?: Accepted["encoding"];
  readonly headers?: Readonly<Record<string, string>>;
}

export function answer(body: unknown, options: AnswerOptions = {}): Response {
  const { status = 200, warnings = [], encoding = "json" } = options;
  const headers = new Headers({ "cache-control": "no-cache, private", ...options.headers });
  if (!headers.has("content-type")) headers.set("content-type", `application/${encoding}`);
  for (const warning of new Set(warnings)) headers.append("warning", warningHeader(warning));
  const text = encoding === "yaml" ? stringify(body) : `${JSON.stringify(body)}\n`;
  return new Response(text, { status, headers });
}

export function answerError(error: ApiError): Response {
  const headers: Record<string, string> = {};
  const { retryAfterSeconds } = error.details ?? {};
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  if (error.reason === "Unauthorized") headers["www-authenticate"] = 'Bearer realm="weft"';
  return answer(statusOf(error), { status: error.status, headers });
}

/** RFC 7234 §5.5, as Kubernetes uses it: code 299, no agent. UTF-8 travels as its bytes. */
function warningHeader(text: string): string {
  const printable = text.replaceAll(/\p{Cc}/gu, " ");
  const quoted = printable.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `299 - "${Buffer.from(quoted).toString("latin1")}"`;
}

export function pageNotFound(): Response {
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
