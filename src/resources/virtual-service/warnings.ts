import type { Resource } from "../resource.ts";
import type { HttpMatchSpec, HttpRouteSpec, VirtualServiceSpec } from "./schema.ts";

const largeBodyBytes = 100_000;

/** What is accepted and probably not meant. */
export function virtualServiceWarnings(object: Resource): readonly string[] {
  const { http = [] } = object.spec as VirtualServiceSpec;
  return [
    ...unreachableRules(http),
    ...repeatedMatches(http),
    ...repeatedNames(http),
    ...http.flatMap((route, i) => [
      ...(route.match ?? []).flatMap((match, j) => oddPath(match, `spec.http[${i}].match[${j}]`)),
      ...oddAction(route, `spec.http[${i}]`),
    ]),
  ];
}

function unreachableRules(http: readonly HttpRouteSpec[]): readonly string[] {
  const all = http.findIndex(({ match = [] }) => match.length === 0 || match.some(isCatchAll));
  if (all < 0 || all === http.length - 1) return [];
  const rules = http.slice(all + 1).map((_, i) => `spec.http[${all + 1 + i}]`);
  return [`${rules.join(", ")} never applies: spec.http[${all}] before it matches every request`];
}

function isCatchAll({ name: _, uri, ...conditions }: HttpMatchSpec): boolean {
  const others = Object.values(conditions).some((condition) =>
    typeof condition === "object" ? Object.keys(condition).length > 0 : condition !== false,
  );
  return !others && (uri === undefined || uri.prefix === "/" || uri.regex === ".*");
}

/** A block of conditions that an earlier rule has already taken. */
function repeatedMatches(http: readonly HttpRouteSpec[]): readonly string[] {
  const seen = new Map<string, string>();
  const warnings: string[] = [];
  for (const [i, { match = [] }] of http.entries())
    for (const [j, { name: _, ...conditions }] of match.entries()) {
      const key = canonical(conditions);
      const path = `spec.http[${i}].match[${j}]`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, path);
      else warnings.push(`${path} never applies: ${first} has the same conditions`);
    }
  return warnings;
}

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join()}}`;
}

function repeatedNames(http: readonly HttpRouteSpec[]): readonly string[] {
  const seen = new Set<string>();
  return http.flatMap(({ name }, i) => {
    if (name === undefined || !seen.has(name)) {
      if (name !== undefined) seen.add(name);
      return [];
    }
    return [
      `spec.http[${i}].name: another rule is named "${name}" too; logs cannot tell them apart`,
    ];
  });
}

function oddPath({ uri }: HttpMatchSpec, path: string): readonly string[] {
  const value = uri?.exact ?? uri?.prefix;
  if (value === undefined) return [];
  if (!value.startsWith("/"))
    return [`${path}.uri never matches: paths begin with /, and this is "${value}"`];
  if (value.includes("?"))
    return [`${path}.uri never matches: it is compared without the query; use queryParams`];
  return [];
}

function oddAction({ directResponse, route = [] }: HttpRouteSpec, path: string): readonly string[] {
  const warnings: string[] = [];
  if ((directResponse?.body?.string?.length ?? 0) > largeBodyBytes)
    warnings.push(`${path}.directResponse.body is large; every proxy keeps it in memory`);
  if (route.length > 1)
    for (const [i, { weight }] of route.entries())
      if (weight === undefined)
        warnings.push(
          `${path}.route[${i}] gets no requests: it has no weight, and the others have`,
        );
  return warnings;
}
