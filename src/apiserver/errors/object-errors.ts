// Errors about one object, in the words of a kube-apiserver.
import type { Issue } from "#core/issue.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { ApiError } from "./api-error.ts";
import { causeOf, fieldErrorText } from "./field-error.ts";

export function notFound(kind: ServedKind, name: string): ApiError {
  return new ApiError("NotFound", `${kind.resource} "${name}" not found`, {
    details: { name, ...resourceOf(kind) },
  });
}

export function alreadyExists(kind: ServedKind, name: string): ApiError {
  return new ApiError("AlreadyExists", `${kind.resource} "${name}" already exists`, {
    details: { name, ...resourceOf(kind) },
  });
}

const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(kind: ServedKind, name: string, why = MODIFIED): ApiError {
  const message = `Operation cannot be fulfilled on ${kind.resource} "${name}": ${why}`;
  return new ApiError("Conflict", message, { details: { name, ...resourceOf(kind) } });
}

export function forbidden(kind: ServedKind, name: string, why: string): ApiError {
  return new ApiError("Forbidden", `${kind.resource} "${name}" is forbidden: ${why}`, {
    details: { name, ...resourceOf(kind) },
  });
}

/** `value` is what was sent, for the messages that quote it. */
export function invalid(
  kind: ServedKind,
  name: string,
  issues: readonly Issue[],
  value: unknown,
): ApiError {
  const texts = issues.map((issue) => fieldErrorText(issue, value));
  const said = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  const causes = issues.map((issue) => causeOf(issue, value));
  const group = kind.group === "" ? {} : { group: kind.group };
  return new ApiError("Invalid", `${kind.qualifiedKind} "${name}" is invalid: ${said}`, {
    details: { name, ...group, kind: kind.kind, causes },
  });
}

function resourceOf({ group, plural }: ServedKind) {
  return group === "" ? { kind: plural } : { group, kind: plural };
}
