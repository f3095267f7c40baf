import type { Issue } from "#core/issue.ts";
import { compileRe2 } from "#core/regex/re2.ts";
import { RegexError } from "#core/regex/regex-error.ts";
import { isDnsLabel, isHostPattern } from "../names.ts";
import { checkLabels } from "./check-metadata.ts";
import { duplicates } from "./duplicates.ts";
import { fieldPath } from "./field-path.ts";
import type { StringMatchSpec } from "./string-match.ts";

/** Rules that several kinds share. Each returns all that is wrong at one path. */

export function issue(path: string, code: string, message: string): Issue {
  return { path, code, message };
}

/** As Istio limits it. */
const maxPatternLength = 1024;

/** Exactly one of its fields; `orPresent`: none of them means that the value must be there. */
export function checkStringMatch(
  match: StringMatchSpec,
  path: string,
  orPresent: boolean,
): readonly Issue[] {
  const written = (["exact", "prefix", "regex"] as const).filter((key) => match[key] !== undefined);
  if (written.length > 1 || (written.length === 0 && !orPresent))
    return [
      issue(
        path,
        "invalid",
        `expected exactly one of exact, prefix and regex, got ${written.join(" and ") || "none"}`,
      ),
    ];
  if (match.prefix === "")
    return [
      issue(
        `${path}.prefix`,
        "invalid",
        "an empty prefix fits everything; leave the condition out",
      ),
    ];
  return match.regex === undefined ? [] : checkPattern(match.regex, `${path}.regex`);
}

export function checkPattern(pattern: string, path: string): readonly Issue[] {
  if (pattern === "")
    return [
      issue(
        path,
        "invalid",
        "an empty pattern fits only the empty value; write exact, or a pattern",
      ),
    ];
  if (pattern === "*")
    return [issue(path, "invalid", 'expected an RE2 pattern, got "*"; write .* for anything')];
  if (pattern.length > maxPatternLength)
    return [
      issue(
        path,
        "out-of-range",
        `expected at most ${maxPatternLength} characters, got ${pattern.length}`,
      ),
    ];
  try {
    compileRe2(pattern);
    return [];
  } catch (error) {
    if (error instanceof RegexError)
      return [issue(path, "invalid", `not an RE2 pattern: ${error.message}`)];
    throw error;
  }
}

/** Names that rules may give to hosts. */
export function checkHost(host: string, path: string): readonly Issue[] {
  if (isHostPattern(host)) return [];
  const hint = host.includes("://") || host.includes("/") ? "; leave out scheme and path" : "";
  const port = /^[^:]+:\d+$/.test(host) ? "; the port is a field of its own" : "";
  return [
    issue(
      path,
      "invalid",
      `"${host}" is not a host: expected a DNS name, or one that begins with *.${hint}${port}`,
    ),
  ];
}

export function checkDistinct(values: readonly string[], path: string): readonly Issue[] {
  return duplicates(values, (i) =>
    issue(fieldPath(path, i), "duplicate", `"${values[i]}" is already listed`),
  );
}

/** `*` alone, `~` alone, `.` or namespaces. */
export function checkExportTo(
  exportTo: readonly string[] | undefined,
  path: string,
): readonly Issue[] {
  const names = exportTo ?? [];
  const alone = names.find((name) => name === "*" || name === "~");
  const mixed = alone !== undefined && names.length > 1;
  return [
    ...checkDistinct(names, path),
    ...(mixed ? [issue(path, "invalid", `"${alone}" must be the only entry`)] : []),
    ...names.flatMap((name, i) =>
      name === "*" || name === "." || name === "~" || isDnsLabel(name)
        ? []
        : [
            issue(
              fieldPath(path, i),
              "invalid",
              `"${name}" is not a namespace; expected ".", "*", "~" or a namespace's name`,
            ),
          ],
    ),
  ];
}

/** Labels of a selector: no wildcard, no empty key. */
export function checkSelector(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [key, value] of Object.entries(labels ?? {}))
    if (key === "" || key.includes("*") || value.includes("*"))
      issues.push(
        issue(
          fieldPath(path, key),
          "invalid",
          "a selector compares whole labels; wildcards and empty keys do not select",
        ),
      );
  return issues.length > 0 ? issues : checkLabels(labels ?? {}, path);
}

const token = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;

export function isHeaderName(name: string): boolean {
  return token.test(name);
}

/** What may stand in a location, a path or an authority: no spaces, no control characters. */
export function checkVisible(value: string | undefined, path: string): readonly Issue[] {
  for (const char of value ?? "")
    if (char <= " " || char === "\u007f")
      return [
        issue(
          path,
          "invalid",
          "spaces and control characters are not allowed; write them in percent encoding",
        ),
      ];
  return [];
}
