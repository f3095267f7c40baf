import type { HeaderMatch, QueryMatch, StringMatch } from "#config/string-match.ts";
import { compileRe2 } from "#core/regex/re2.ts";
import type { RequestFacts } from "./request-facts.ts";

export type StringTest = (text: string) => boolean;
export type FactsTest = (facts: RequestFacts) => boolean;

/** Compiles a comparison once per configuration. Throws what `compileRe2` throws on a pattern that is not RE2. */
export function compileStringMatch(match: StringMatch | { readonly kind: "present" }): StringTest {
  if (match.kind === "present") return always;
  if (match.kind === "regex") {
    const pattern = compileRe2(match.value);
    return (text) => pattern.test(text);
  }
  if (match.ignoreCase !== true) return compareExactly(match.kind, match.value);
  const compare = compareExactly(match.kind, match.value.toLowerCase());
  return (text) => compare(text.toLowerCase());
}

/** Most hosts have one route that takes everything: what it is made of stays at hand. */
const always: StringTest = () => true;

function compareExactly(
  kind: "exact" | "prefix" | "suffix" | "contains",
  value: string,
): StringTest {
  switch (kind) {
    case "exact":
      return (text) => text === value;
    case "prefix":
      return value === "" ? always : (text) => text.startsWith(value);
    case "suffix":
      return (text) => text.endsWith(value);
    case "contains":
      return (text) => text.includes(value);
  }
}

/** A header, or a part of the request line by its pseudo-name. An absent header satisfies only an inverted match. */
export function compileHeaderMatch({ name, match, invert }: HeaderMatch): FactsTest {
  const read = fieldReader(name);
  if (match.kind === "present") return (facts) => (read(facts) !== undefined) !== invert;
  const test = compileStringMatch(match);
  return (facts) => {
    const value = read(facts);
    return (value !== undefined && test(value)) !== invert;
  };
}

function fieldReader(name: string): (facts: RequestFacts) => string | undefined {
  switch (name) {
    case ":method":
      return (facts) => facts.method;
    case ":scheme":
      return (facts) => facts.scheme;
    case ":path":
      return (facts) => (facts.query === "" ? facts.path : `${facts.path}?${facts.query}`);
    case ":authority":
    case "host":
      return (facts) => facts.authority;
    default:
      return (facts) => facts.header(name);
  }
}

/** The first value of a repeated parameter decides. */
export function compileQueryMatch({ name, match }: QueryMatch): FactsTest {
  const test = compileStringMatch(match);
  return (facts) => {
    const value = queryParameter(facts.query, name);
    return value !== undefined && test(value);
  };
}

/** Keys and values are compared as they are written, without percent-decoding, as Envoy compares them. */
export function queryParameter(query: string, name: string): string | undefined {
  let start = 0;
  while (start <= query.length && query !== "") {
    const next = query.indexOf("&", start);
    const end = next === -1 ? query.length : next;
    const equals = query.indexOf("=", start);
    const keyEnd = equals === -1 || equals > end ? end : equals;
    if (keyEnd - start === name.length && query.startsWith(name, start))
      return keyEnd === end ? "" : query.slice(keyEnd + 1, end);
    if (next === -1) return undefined;
    start = next + 1;
  }
  return undefined;
}
