import { ApiError } from "../errors/api-error.ts";

/**
 * A page of any site can make a browser on this machine send requests here, under a name of its own that resolves to
 * loopback if it likes. So requests must name us by a name that is ours, and must not come from another origin.
 * Throws ApiError Forbidden.
 */
export function checkOrigin(request: Request, names: ReadonlySet<string>): void {
  const host = request.headers.get("host") ?? "";
  const name = nameOf(host);
  if (!isLoopback(name) && !names.has(name))
    throw new ApiError("Forbidden", `this server is not known as ${JSON.stringify(name)}`);
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== `https://${host}`)
    throw new ApiError("Forbidden", "requests from other origins are refused");
  if (request.headers.get("sec-fetch-site") === "cross-site")
    throw new ApiError("Forbidden", "requests from other sites are refused");
}

/** Without the port. */
function nameOf(host: string): string {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return (bracketed ?? plain).toLowerCase().replace(/\.$/, "");
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}
