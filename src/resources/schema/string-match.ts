import Type, { type Static } from "typebox";
import type { PresenceMatch, StringMatch } from "../matching.ts";
import { object, optional, text } from "./fields.ts";

const properties = {
  exact: optional(text("The value is this, case included.")),
  prefix: optional(text("The value begins with this.")),
  regex: optional(text("RE2 pattern that fits the whole value; at most 1024 characters.")),
};

export function stringMatchSchema(description: string) {
  return object(properties, description);
}

const StringMatchSpec = Type.Object(properties);
export type StringMatchSpec = Static<typeof StringMatchSpec>;

/** Only for values that validation has seen. */
export function readStringMatch(spec: StringMatchSpec): StringMatch {
  const match = readPresenceMatch(spec);
  return match.kind === "present" ? { kind: "prefix", value: "" } : match;
}

/** `{}` is presence. */
export function readPresenceMatch({ exact, prefix, regex }: StringMatchSpec): PresenceMatch {
  if (exact !== undefined) return { kind: "exact", value: exact };
  if (prefix !== undefined) return { kind: "prefix", value: prefix };
  if (regex !== undefined) return { kind: "regex", value: regex };
  return { kind: "present" };
}
