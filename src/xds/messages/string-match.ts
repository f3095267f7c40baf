import type { HeaderMatch, QueryMatch, StringMatch } from "#config/string-match.ts";
import type {
  HeaderMatcher,
  QueryParameterMatcher,
} from "./generated/envoy/config/route/v3/route_components.ts";
import type { RegexMatcher } from "./generated/envoy/type/matcher/v3/regex.ts";
import type { StringMatcher } from "./generated/envoy/type/matcher/v3/string.ts";

type PresentOr<T> = { readonly kind: "present" } | T;

export function toRegex(regex: string): RegexMatcher {
  return { engineType: undefined, regex };
}

export function toStringMatcher(match: StringMatch): StringMatcher {
  if (match.kind === "regex")
    return {
      matchPattern: { $case: "safeRegex", value: toRegex(match.value) },
      ignoreCase: false,
    };
  return {
    matchPattern: { $case: match.kind, value: match.value },
    ignoreCase: match.ignoreCase === true,
  };
}

/** What cannot be read becomes something else, which the comparison after reading reports. */
export function fromStringMatcher(matcher: StringMatcher | undefined): StringMatch {
  const pattern = matcher?.matchPattern;
  switch (pattern?.$case) {
    case "safeRegex":
      return { kind: "regex", value: pattern.value.regex };
    case "exact":
    case "prefix":
    case "suffix":
    case "contains":
      return {
        kind: pattern.$case,
        value: pattern.value,
        ...(matcher?.ignoreCase ? { ignoreCase: true } : {}),
      };
    default:
      return { kind: "exact", value: "" };
  }
}

export function toHeaderMatcher({ name, match, invert }: HeaderMatch): HeaderMatcher {
  const present = match.kind === "present";
  return {
    name,
    headerMatchSpecifier: present
      ? { $case: "presentMatch", value: true }
      : { $case: "stringMatch", value: toStringMatcher(match) },
    invertMatch: invert,
    // Envoy lets an absent header fail an inverted comparison unless it counts as empty; ours satisfies it.
    treatMissingHeaderAsEmpty: invert && !present,
  };
}

export function fromHeaderMatcher(matcher: HeaderMatcher): HeaderMatch {
  const specifier = matcher.headerMatchSpecifier;
  return {
    name: matcher.name,
    match: fromPresentOr(
      specifier?.$case === "stringMatch" ? specifier.value : undefined,
      specifier?.$case === "presentMatch",
    ),
    invert: matcher.invertMatch,
  };
}

export function toQueryMatcher({ name, match }: QueryMatch): QueryParameterMatcher {
  return {
    name,
    queryParameterMatchSpecifier:
      match.kind === "present"
        ? { $case: "presentMatch", value: true }
        : { $case: "stringMatch", value: toStringMatcher(match) },
  };
}

export function fromQueryMatcher(matcher: QueryParameterMatcher): QueryMatch {
  const specifier = matcher.queryParameterMatchSpecifier;
  return {
    name: matcher.name,
    match: fromPresentOr(
      specifier?.$case === "stringMatch" ? specifier.value : undefined,
      specifier?.$case === "presentMatch",
    ),
  };
}

function fromPresentOr(
  matcher: StringMatcher | undefined,
  present: boolean,
): PresentOr<StringMatch> {
  return present ? { kind: "present" } : fromStringMatcher(matcher);
}
