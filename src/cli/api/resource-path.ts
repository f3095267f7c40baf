import { kindKey, type ResourceKind } from "#resources/kind.ts";
import { findKind, kinds, splitApiVersion } from "#resources/kinds.ts";
import { CliError } from "../cli-error.ts";
import { closestName } from "../closest-name.ts";

/** The kind that a person means by `vs`, `virtualservice`, `VirtualServices` or `virtualservices.networking.istio.io`. Throws CliError. */
export function kindByWord(word: string): ResourceKind {
  const wanted = word.toLowerCase();
  const found = kinds.find((kind) => namesOf(kind).includes(wanted));
  if (found) return found;
  const meant = closestName(wanted, kinds.flatMap(namesOf));
  const all = kinds.map(({ plural }) => plural).join(", ");
  throw new CliError(
    "usage",
    `"${word}" is no kind of resource`,
    meant === undefined ? `there are: ${all}` : `did you mean: ${meant}`,
  );
}

/** As kubectl names a kind beside an object: `virtualservice.networking.istio.io`. */
export function qualifiedName({ singular, group }: ResourceKind): string {
  return group === "" ? singular : `${singular}.${group}`;
}

/**
 * Collection, or one object of it. The namespace does not matter for cluster-scoped kinds. Throws CliError for a name that
 * would lead elsewhere.
 */
export function resourcePath(
  kind: ResourceKind,
  place: {
    readonly namespace?: string | undefined;
    readonly name?: string;
    readonly version?: string;
  },
): string {
  for (const part of [place.name, place.namespace]) {
    const problem = part === undefined ? undefined : namePartProblem(part);
    if (problem !== undefined) throw new CliError("usage", `"${part}" ${problem}`);
  }
  const version = place.version ?? kind.versions[0] ?? "v1";
  const root = kind.group === "" ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  const scope =
    kind.namespaced && place.namespace !== undefined
      ? `/namespaces/${encodeURIComponent(place.namespace)}`
      : "";
  const name = place.name === undefined ? "" : `/${encodeURIComponent(place.name)}`;
  return `${root}${scope}/${kind.plural}${name}`;
}

/** Why a name cannot stand in a path, by Kubernetes' rule for path segments; undefined: it can. */
export function namePartProblem(name: string): string | undefined {
  if (name === "." || name === "..") return "is no name";
  const wrong = ["/", "%"].find((sign) => name.includes(sign));
  return wrong === undefined ? undefined : `is no name: it may not contain ${wrong}`;
}

/** The kind of a document. Throws CliError that names what Weft knows. */
export function kindOfDocument(apiVersion: string, kind: string): ResourceKind {
  const { group, version } = splitApiVersion(apiVersion);
  const found = findKind(group, kind);
  if (found?.versions.includes(version)) return found;
  const hint = found
    ? `${kind} is served as ${found.versions.map((each) => `${group}/${each}`).join(", ")}`
    : "this version of Weft does not act on that kind, so it does not take it";
  throw new CliError("failed", `no kind "${kind}" of version "${apiVersion}"`, hint);
}

const namesOf = (kind: ResourceKind): readonly string[] => [
  kind.plural,
  kind.singular,
  kind.kind.toLowerCase(),
  kindKey(kind),
  ...kind.shortNames,
];
