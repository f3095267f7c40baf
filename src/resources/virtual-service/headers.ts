import type { Issue } from "#core/issue.ts";
import { isHeaderName, issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import type { HeadersSpec } from "./schema.ts";
import type { HeaderOperation, HeaderOperations } from "./virtual-service.ts";

type OperationSpec = NonNullable<HeadersSpec["request"]>;

/** Fields that say where a message ends or what a connection does: only the proxy may write them. */
const framing = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** `authority`: whether `request.set` may name the host, as a rewrite of the authority. */
export function validateHeaders(
  headers: HeadersSpec | undefined,
  path: string,
  { authority }: { readonly authority: boolean },
): readonly Issue[] {
  return [
    ...validateOperation(headers?.request, `${path}.request`, authority),
    ...validateOperation(headers?.response, `${path}.response`, false),
  ];
}

function validateOperation(
  operation: OperationSpec | undefined,
  path: string,
  authority: boolean,
): readonly Issue[] {
  const { set = {}, add = {}, remove = [] } = operation ?? {};
  return [
    ...Object.entries(set).flatMap(([name, value]) => {
      const at = fieldPath(`${path}.set`, name);
      const mayName = authority && isAuthority(name);
      return [...(mayName ? [] : checkName(name, at)), ...checkValue(value, at)];
    }),
    ...Object.entries(add).flatMap(([name, value]) => {
      const at = fieldPath(`${path}.add`, name);
      return [...checkName(name, at), ...checkValue(value, at)];
    }),
    ...remove.flatMap((name, i) => checkName(name, fieldPath(`${path}.remove`, i))),
  ];
}

function checkName(name: string, path: string): readonly Issue[] {
  if (isAuthority(name))
    return [issue(path, "invalid", "the host is changed by rewrite.authority, not by a header")];
  if (!isHeaderName(name)) return [issue(path, "invalid", `"${name}" is not the name of a header`)];
  if (framing.has(name.toLowerCase()))
    return [
      issue(
        path,
        "invalid",
        `${name} frames the message and belongs to the proxy; it cannot be changed`,
      ),
    ];
  return [];
}

function checkValue(value: string, path: string): readonly Issue[] {
  for (const char of value)
    if ((char < " " && char !== "\t") || char === "\u007f" || char > "\u00ff")
      return [issue(path, "invalid", "a header's value is one line of Latin-1 text")];
  if (value.replaceAll("%%", "").includes("%"))
    return [
      issue(
        path,
        "unsupported-value",
        "Envoy's formatters (%…%) are not supported by this version of Weft; write %% for a percent sign",
      ),
    ];
  return [];
}

function isAuthority(name: string): boolean {
  return name.toLowerCase() === "host" || name === ":authority";
}

/** The host that `request.set` names, which is a rewrite of the authority. */
export function authorityOf(headers: HeadersSpec | undefined): string | undefined {
  const set = Object.entries(headers?.request?.set ?? {});
  const value = set.find(([name]) => isAuthority(name))?.[1];
  return value?.replaceAll("%%", "%");
}

export function readHeaders(headers: HeadersSpec | undefined): HeaderOperations {
  return { request: readOperation(headers?.request), response: readOperation(headers?.response) };
}

function readOperation({ set = {}, add = {}, remove = [] }: OperationSpec = {}): HeaderOperation {
  const pairs = (fields: Record<string, string>): (readonly [string, string])[] =>
    Object.entries(fields)
      .filter(([name]) => !isAuthority(name))
      .map(([name, value]) => [name, value.replaceAll("%%", "%")]);
  return { set: pairs(set), add: pairs(add), remove };
}
