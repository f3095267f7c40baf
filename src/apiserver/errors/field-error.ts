// Issues of validation in the form that a kube-apiserver gives field errors: `path: Type: value: detail`.
import type { Issue } from "#core/issue.ts";
import { ownField } from "../own-field.ts";
import type { StatusCause } from "./status.ts";

/** An issue that quotes another value than the one at its path: a label's key, where the path is that of all labels. */
export interface QuotingIssue extends Issue {
  readonly value: unknown;
}

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

function detailOf(issue: Issue | QuotingIssue, root: unknown): string {
  const { title, quotesValue } = TYPES[issue.code] ?? INVALID;
  const value = "value" in issue ? issue.value : valueAt(root, issue.path);
  // The title says already that a value is required.
  const message = issue.message.replace(/^required(: |$)/, "");
  return [title, ...(quotesValue ? [show(value)] : []), ...(message === "" ? [] : [message])].join(
    ": ",
  );
}

/** Texts in quotes, as JSON; anything long is cut, since it only helps to recognise the place. */
function show(value: unknown): string {
  if (value === undefined) return "null";
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

/** Follows `spec.http[0].match` and `metadata.labels[app.kubernetes.io/name]`. */
function valueAt(root: unknown, path: string): unknown {
  let at = root;
  for (const [, plain, bracketed] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (typeof at !== "object" || at === null) return undefined;
    at = ownField(at, plain ?? bracketed ?? "");
  }
  return at;
}
