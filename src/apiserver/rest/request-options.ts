// Query parameters of a request as options. All of them throw ApiError for values that have no meaning.
import type { Issue } from "#core/issue.ts";
import { ApiError, badRequest } from "../errors/api-error.ts";
import { causeOf, fieldErrorText } from "../errors/field-error.ts";
import type { Selection } from "../registry/list-objects.ts";
import type { FieldValidation } from "../registry/write-options.ts";
import { readFieldSelector } from "../selectors/field-selector.ts";
import { readLabelSelector } from "../selectors/label-selector.ts";

export function readBoolean(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "false" && value !== "0";
}

export function readWholeNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (!/^\d{1,9}$/.test(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

export function readSelection(query: URLSearchParams): Selection {
  const labels = query.get("labelSelector");
  const fields = query.get("fieldSelector");
  return {
    labels: labels ? readLabelSelector(labels) : undefined,
    fields: fields ? readFieldSelector(fields) : undefined,
  };
}

/** `values`: of `dryRun`, from the query or a body of DeleteOptions. */
export function readDryRun(values: readonly unknown[], options: string): boolean {
  const unknown = values.find((value) => value !== "All");
  if (unknown !== undefined) throw unsupported(options, "dryRun", unknown, ["All"]);
  return values.length > 0;
}

const VALIDATIONS = ["Ignore", "Warn", "Strict"] as const;

export function readFieldValidation(query: URLSearchParams, options: string): FieldValidation {
  const value = query.get("fieldValidation");
  if (value === null || value === "") return "Warn";
  const known = VALIDATIONS.find((validation) => validation === value);
  if (!known) throw unsupported(options, "fieldValidation", value, ["", ...VALIDATIONS]);
  return known;
}

const MAX_MANAGER = 128;

/** From the query, or else the beginning of the `User-Agent`. */
export function readFieldManager(request: Request, query: URLSearchParams): string {
  const said = query.get("fieldManager");
  if (said) {
    if (said.length <= MAX_MANAGER && !/\p{C}/u.test(said)) return said;
    throw badRequest(
      `fieldManager must be at most ${MAX_MANAGER} printable characters: ${JSON.stringify(said.slice(0, MAX_MANAGER))}`,
    );
  }
  const agent = request.headers.get("user-agent")?.split("/")[0] ?? "";
  const printable = agent.replaceAll(/[^\x21-\x7e]/g, "");
  return printable.slice(0, MAX_MANAGER) || "unknown";
}

function unsupported(
  options: string,
  field: string,
  value: unknown,
  supported: readonly string[],
): ApiError {
  const message = `supported values: ${supported.map((text) => JSON.stringify(text)).join(", ")}`;
  return invalidOptions(options, { path: field, code: "unsupported-value", message }, value);
}

/** `options` names the kind of the options: `PatchOptions`, `ListOptions` … */
export function invalidOptions(options: string, issue: Issue, value?: unknown): ApiError {
  const root = { [issue.path]: value };
  const message = `${options}.meta.k8s.io "" is invalid: ${fieldErrorText(issue, root)}`;
  const causes = [causeOf(issue, root)];
  return new ApiError("Invalid", message, {
    details: { group: "meta.k8s.io", kind: options, causes },
  });
}
