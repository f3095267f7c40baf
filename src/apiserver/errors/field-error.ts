// Issues of validation in the form that a kube-apiserver gives field errors: `path: Type: value: detail`.
import type { Issue } from "#core/issue.ts";
import type { StatusCause } from "./status.ts";

interface FieldErrorType {
  readonly reason: string;
  readonly title: string;
  readonly quotesValue: boolean;
}

const INVALID: FieldErrorType = {
  reason: "FieldValueInvalid",
  title: "Invalid value",
  quotesValue: true,
};
const FORBIDDEN: FieldErrorType = {
  reason: "FieldValueForbidden",
  title: "Forbidden",
  quotesValue: false,
};

const TYPES: Readonly<Record<string, FieldErrorType>> = {
  required: { reason: "FieldValueRequired", title: "Required value", quotesValue: false },
  duplicate: { reason: "FieldValueDuplicate", title: "Duplicate value", quotesValue: true },
  "not-found": { reason: "FieldValueNotFound", title: "Not found", quotesValue: true },
  "unsupported-value": {
    reason: "FieldValueNotSupported",
    title: "Unsupported value",
    quotesValue: true,
  },
  "invalid-type": { reason: "FieldValueTypeInvalid", title: "Invalid value", quotesValue: true },
  "too-long": { reason: "FieldValueTooLong", title: "Too long", quotesValue: false },
  "unknown-field": FORBIDDEN,
  "unsupported-field": FORBIDDEN,
  forbidden: FORBIDDEN,
  conflict: FORBIDDEN,
};

export function fieldErrorText(issue: Issue, root: unknown): string {
  return issue.path === "" ? detailOf(issue, root) : `${issue.path}: ${detailOf(issue, root)}`;
}

export function causeOf(issue: Issue, root: unknown): StatusCause {
  const { reason } = TYPES[issue.code] ?? INVALID;
  return { reason, message: detailOf(issue, root), field: issue.path };
}

function detailOf({ path, code, message }: Issue, root: unknown): string {
  const { title, quotesValue } = TYPES[code] ?? INVALID;
  const parts = [title];
  if (quotesValue) parts.push(show(valueAt(root, path)));
  if (message !== "" && message !== title.toLowerCase().split(" ")[0]) parts.push(message);
  return parts.join(": ");
}

/** Texts in quotes, as JSON; anything long is cut, since it only helps to recognise the place. */
function show(value: unknown): string {
  if (value === undefined) return "null";
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

/** Follows `spec.http[0].match` and `metadata.labels[app.kubernetes.io/name]`. */
export function valueAt(root: unknown, path: string): unknown {
  let at = root;
  for (const [, plain, bracketed] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[plain ?? bracketed ?? ""];
  }
  return at;
}
