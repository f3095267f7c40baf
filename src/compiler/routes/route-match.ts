import type { PathMatch, RouteMatch } from "#config/route.ts";
import type { HeaderMatch, QueryMatch, StringMatch } from "#config/string-match.ts";
import type { NamedMatch, StringMatch as WrittenMatch } from "#resources/matching.ts";
import type { HttpMatch } from "#resources/virtual-service/virtual-service.ts";

/** Every request. */
export const anyRequest: RouteMatch = {
  path: { kind: "prefix", value: "/" },
  headers: [],
  query: [],
};

/** The conditions about the request; those about the caller and the port are decided before. */
export function compileMatch(written: HttpMatch): RouteMatch {
  const { uri, ignoreUriCase, method, authority, scheme } = written;
  const pseudo = [
    ...pseudoHeader(":method", method),
    ...pseudoHeader(":scheme", scheme),
    ...pseudoHeader(":authority", authority),
  ];
  return {
    path: uri === undefined ? anyRequest.path : pathMatch(uri, ignoreUriCase),
    headers: [
      ...pseudo,
      ...byName(written.headers).map((header) => headerMatch(header, false)),
      ...byName(written.withoutHeaders).map((header) => headerMatch(header, true)),
    ],
    query: byName(written.queryParams).map(queryMatch),
  };
}

/** Nothing after a route that takes every request is ever reached. */
export function takesAll({ path, headers, query }: RouteMatch): boolean {
  return path.kind === "prefix" && path.value === "/" && headers.length + query.length === 0;
}

/** The order of a map's keys means nothing, so it must not look like a change. */
function byName(matches: readonly NamedMatch[]): readonly NamedMatch[] {
  return matches.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function pathMatch({ kind, value }: WrittenMatch, ignoreCase: boolean): PathMatch {
  return kind === "regex" || !ignoreCase ? { kind, value } : { kind, value, ignoreCase };
}

function pseudoHeader(name: string, match: WrittenMatch | undefined): readonly HeaderMatch[] {
  return match === undefined ? [] : [{ name, match: stringMatch(match), invert: false }];
}

function headerMatch({ name, match }: NamedMatch, invert: boolean): HeaderMatch {
  return { name, match: presence(match), invert };
}

function queryMatch({ name, match }: NamedMatch): QueryMatch {
  return { name, match: presence(match) };
}

function presence(match: NamedMatch["match"]): { readonly kind: "present" } | StringMatch {
  return match.kind === "present" ? { kind: "present" } : stringMatch(match);
}

function stringMatch({ kind, value }: WrittenMatch): StringMatch {
  return { kind, value };
}
