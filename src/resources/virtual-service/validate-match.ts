import type { Issue } from "#core/issue.ts";
import { isDnsLabel } from "../names.ts";
import { checkSelector, checkStringMatch, isHeaderName, issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import type { HttpMatchSpec } from "./schema.ts";

/** Header keys that mean parts of the request line, which have their own conditions. */
const requestLine = ["uri", "scheme", "method", "authority"] as const;

export function validateMatch(match: HttpMatchSpec, path: string): readonly Issue[] {
  const { uri, ignoreUriCase, sourceNamespace } = match;
  const issues: Issue[] = [];
  if (ignoreUriCase === true && uri?.exact === undefined && uri?.prefix === undefined)
    issues.push(
      issue(
        `${path}.ignoreUriCase`,
        "invalid",
        "holds only for exact and prefix of uri; in a pattern write (?i)",
      ),
    );
  if (sourceNamespace !== undefined && !isDnsLabel(sourceNamespace))
    issues.push(
      issue(`${path}.sourceNamespace`, "invalid", `"${sourceNamespace}" is not a namespace's name`),
    );
  return [
    ...issues,
    ...requestLine.flatMap((field) => {
      const condition = match[field];
      return condition ? checkStringMatch(condition, `${path}.${field}`, false) : [];
    }),
    ...validateHeaderMatches(match.headers, `${path}.headers`),
    ...validateHeaderMatches(match.withoutHeaders, `${path}.withoutHeaders`),
    ...Object.entries(match.queryParams ?? {}).flatMap(([name, condition]) =>
      checkStringMatch(condition, fieldPath(`${path}.queryParams`, name), true),
    ),
    ...checkSelector(match.sourceLabels, `${path}.sourceLabels`),
  ];
}

function validateHeaderMatches(matches: HttpMatchSpec["headers"], path: string): readonly Issue[] {
  return Object.entries(matches ?? {}).flatMap(([name, condition]) => {
    const at = fieldPath(path, name);
    return [...checkHeaderKey(name, at), ...checkStringMatch(condition, at, true)];
  });
}

function checkHeaderKey(name: string, path: string): readonly Issue[] {
  if ((requestLine as readonly string[]).includes(name))
    return [issue(path, "invalid", `this is not a header; write the condition as match.${name}`)];
  if (name.startsWith("@request.auth."))
    return [
      issue(
        path,
        "unsupported-value",
        "claims of tokens are not supported by this version of Weft; remove it",
      ),
    ];
  return isHeaderName(name)
    ? []
    : [issue(path, "invalid", `"${name}" is not the name of a header`)];
}
