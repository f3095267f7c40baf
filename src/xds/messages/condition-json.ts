import type { Condition } from "#config/authorization.ts";
import type { StringMatch } from "#config/string-match.ts";
import { XdsError } from "../xds-error.ts";
import { asFields, asList, asNumber, asString } from "./metadata.ts";

/** Deeper trees are refused: a policy that a person wrote is four levels deep. */
const DEPTH_MAX = 16;

type Match = { readonly kind: "present" } | StringMatch;

/** A condition from parsed JSON. Throws for a kind that Weft does not know: a policy is never weakened by reading. */
export function fromConditionJson(value: unknown, depth = 0): Condition {
  const fields = asFields(value);
  if (depth > DEPTH_MAX)
    throw new XdsError("too-large", `a condition is nested deeper than ${DEPTH_MAX} levels`);
  const { kind } = fields;
  switch (kind) {
    case "all":
    case "any":
      return { kind, of: asList(fields.of).map((each) => fromConditionJson(each, depth + 1)) };
    case "not":
      return { kind, of: fromConditionJson(fields.of, depth + 1) };
    case "always":
      return { kind };
    case "principal":
    case "namespace":
    case "method":
    case "host":
      return { kind, match: fromMatch(fields.match) };
    case "path":
      return { kind, match: fromPathMatch(fields.match) };
    case "header":
      return { kind, header: fromHeader(fields.header) };
    case "destination-port":
      return { kind, port: asNumber(fields.port) };
    case "source-ip":
      return { kind, cidr: asString(fields.cidr) };
    default:
      throw new XdsError(
        "unsupported",
        `a policy has a condition ${JSON.stringify(kind) ?? "without kind"}, which this version does not know`,
      );
  }
}

function fromHeader(value: unknown): Extract<Condition, { kind: "header" }>["header"] {
  const fields = asFields(value);
  return {
    name: asString(fields.name),
    match: fromMatch(fields.match),
    invert: fields.invert === true,
  };
}

function fromPathMatch(value: unknown): Extract<Condition, { kind: "path" }>["match"] {
  const fields = asFields(value);
  return fields.kind === "template"
    ? { kind: "template", value: asString(fields.value) }
    : fromMatch(value);
}

function fromMatch(value: unknown): Match {
  const fields = asFields(value);
  const { kind } = fields;
  switch (kind) {
    case "present":
      return { kind };
    case "regex":
      return { kind, value: asString(fields.value) };
    case "exact":
    case "prefix":
    case "suffix":
    case "contains":
      return {
        kind,
        value: asString(fields.value),
        ...(fields.ignoreCase === true ? { ignoreCase: true } : {}),
      };
    default:
      throw new XdsError(
        "unsupported",
        `a policy compares by ${JSON.stringify(kind) ?? "nothing"}, which this version does not know`,
      );
  }
}
