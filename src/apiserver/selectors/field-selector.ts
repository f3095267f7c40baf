import type { Resource } from "#resources/resource.ts";
import { badRequest } from "../errors/api-error.ts";

export interface FieldSelector {
  matches(object: Resource): boolean;
  /** The one name that can match, where there is one. */
  readonly name: string | undefined;
}

const FIELDS: Readonly<Record<string, (object: Resource) => string>> = {
  "metadata.name": ({ metadata }) => metadata.name,
  "metadata.namespace": ({ metadata }) => metadata.namespace ?? "",
};

/** Reads `metadata.name=web,metadata.namespace!=shop`. Throws ApiError BadRequest for other fields. */
export function readFieldSelector(text: string): FieldSelector {
  const terms = text
    .split(",")
    .filter((term) => term.trim() !== "")
    .map(readTerm);
  return {
    matches: (object) => terms.every((term) => term.matches(object)),
    name: terms.find((term) => term.field === "metadata.name" && term.equal)?.value,
  };
}

function readTerm(term: string) {
  const [, field = "", operator = "", value = ""] =
    /^\s*([^=!]*?)\s*(!=|==|=)(.*)$/.exec(term) ?? [];
  if (operator === "") throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const read = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (!read) throw badRequest(`field label not supported: ${field}`);
  const equal = operator !== "!=";
  return { field, value, equal, matches: (object: Resource) => (read(object) === value) === equal };
}
