import type { Issue } from "#core/issue.ts";
import { checkVisible, issue } from "../schema/checks.ts";
import type { HttpRouteSpec } from "./schema.ts";

export function validateRedirect(route: HttpRouteSpec, path: string): readonly Issue[] {
  const { redirect, match = [] } = route;
  if (redirect === undefined) return [];
  const at = `${path}.redirect`;
  const { uri, prefixRewrite, authority, port, derivePort, scheme } = redirect;
  const issues: Issue[] = [];
  if ([uri, prefixRewrite, authority, port, scheme].every((part) => part === undefined))
    issues.push(
      issue(
        at,
        "invalid",
        "expected at least one of uri, prefixRewrite, authority, port and scheme; as it is, it leads back here",
      ),
    );
  if (uri !== undefined && prefixRewrite !== undefined)
    issues.push(issue(at, "invalid", "expected only one of uri and prefixRewrite"));
  if (port !== undefined && derivePort !== undefined)
    issues.push(issue(at, "invalid", "expected only one of port and derivePort"));
  if (uri !== undefined && !uri.startsWith("/"))
    issues.push(
      issue(
        `${at}.uri`,
        "invalid",
        `"${uri}" takes the place of the whole path, so it must begin with /`,
      ),
    );
  const prefixesOnly = match.length > 0 && match.every((each) => each.uri?.prefix !== undefined);
  if (prefixRewrite !== undefined && !prefixesOnly)
    issues.push(
      issue(
        `${at}.prefixRewrite`,
        "invalid",
        "needs a prefix to replace: every match of the rule must have uri.prefix",
      ),
    );
  for (const [field, value] of Object.entries({ uri, prefixRewrite, authority }))
    issues.push(...checkVisible(value, `${at}.${field}`));
  return issues;
}
