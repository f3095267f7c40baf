import type { PathMatch, RedirectAction } from "#config/route.ts";
import { splitAuthority } from "./host-table.ts";
import type { RequestFacts } from "./request-facts.ts";
import { prefixReplacer } from "./rewrite-path.ts";

export type LocationOf = (facts: RequestFacts) => string;

/** Compiles a redirect into the function that makes its `Location`. Default ports are left out; the query is kept. */
export function compileRedirect(action: RedirectAction, match: PathMatch): LocationOf {
  const pathOf = redirectPath(action, match);
  return (facts) => {
    const scheme = action.scheme ?? facts.scheme;
    const asked = splitAuthority(facts.authority);
    const target = action.authority === undefined ? asked : splitAuthority(action.authority);
    const port = redirectPort(action, asked.port, target.port);
    const shown = port === undefined || port === DEFAULT_PORT[scheme] ? "" : `:${port}`;
    const path = pathOf(facts.path);
    const query = facts.query === "" || path.includes("?") ? "" : `?${facts.query}`;
    return `${scheme}://${target.host}${shown}${path}${query}`;
  };
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { http: "80", https: "443" };

function redirectPort(
  action: RedirectAction,
  asked: string | undefined,
  written: string | undefined,
): string | undefined {
  if (action.port === "from-protocol") return undefined;
  if (action.port === "from-request") return asked;
  if (action.port !== undefined) return String(action.port);
  const schemeChanges = action.scheme === "https" && asked === "80";
  return action.authority === undefined && schemeChanges ? undefined : written;
}

function redirectPath({ path }: RedirectAction, match: PathMatch): (path: string) => string {
  if (path === undefined) return (asked) => asked;
  const { value } = path;
  if (path.kind === "path" || match.kind !== "prefix") return () => value;
  return prefixReplacer(match.value.length, value);
}
