// What is served, in the two ways in which clients ask: one document per group and version, or all at once.
import type { KindTable } from "../kinds/kind-table.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { apiVersionOf } from "../kinds/served-kind.ts";
import { type Review, reviews } from "../reviews/reviews.ts";
import { OBJECT_VERBS, STATUS_VERBS } from "./verbs.ts";

export interface Discovery {
  /** `/api` */
  core(): unknown;
  /** `/apis` */
  groups(): unknown;
  /** `/apis/<group>`; undefined when it is not served. */
  group(name: string): unknown;
  /** `/api/v1`, `/apis/<group>/<version>`; undefined when it is not served. */
  resources(group: string, version: string): unknown;
  /** All groups (or the core alone) with their resources. */
  aggregated(which: "core" | "groups", version: "v2" | "v2beta1"): unknown;
}

interface DiscoveryOptions {
  readonly table: KindTable;
  /** Whether accounts have the `token` subresource. */
  readonly issuesTokens: boolean;
}

interface Resource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

export function makeDiscovery({ table, issuesTokens }: DiscoveryOptions): Discovery {
  const versions = groupVersions(table);
  const named = [...versions].filter(([group]) => group !== "");
  const resourcesOf = (group: string, version: string): readonly Resource[] => [
    ...table.inGroupVersion({ group, version }).flatMap((kind) => ofKind(kind, issuesTokens)),
    ...reviews.filter((review) => isIn(review, group, version)).map(ofReview),
  ];
  return {
    core: () => ({
      kind: "APIVersions",
      versions: versions.get(""),
      serverAddressByClientCIDRs: [],
    }),
    groups: () => ({
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: named.map(([group, served]) => describeGroup(group, served)),
    }),
    group: (name) => {
      const served = name === "" ? undefined : versions.get(name);
      return served && { kind: "APIGroup", apiVersion: "v1", ...describeGroup(name, served) };
    },
    resources: (group, version) =>
      versions.get(group)?.includes(version)
        ? {
            kind: "APIResourceList",
            apiVersion: "v1",
            groupVersion: apiVersionOf({ group }, version),
            resources: resourcesOf(group, version),
          }
        : undefined,
    aggregated: (which, version) => ({
      kind: "APIGroupDiscoveryList",
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: [...versions]
        .filter(([group]) => (group === "") === (which === "core"))
        .map(([group, served]) => aggregate(group, served, resourcesOf)),
    }),
  };
}

function groupVersions(table: KindTable): Map<string, readonly string[]> {
  const versions = new Map(table.groups());
  for (const { group, version } of reviews)
    versions.set(group, [...new Set([...(versions.get(group) ?? []), version])]);
  return versions;
}

function isIn(review: Review, group: string, version: string): boolean {
  return review.group === group && review.version === version;
}

function describeGroup(name: string, versions: readonly string[]) {
  const described = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: described, preferredVersion: described[0] };
}

function ofKind(kind: ServedKind, issuesTokens: boolean): readonly Resource[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const main: Resource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: OBJECT_VERBS,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const below = { singularName: "", namespaced };
  const status = { ...below, name: `${plural}/status`, kind: kind.kind, verbs: STATUS_VERBS };
  const token = {
    ...below,
    name: `${plural}/token`,
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenRequest",
    verbs: ["create"],
  };
  const hasToken = issuesTokens && kind.key === "serviceaccounts";
  return [main, ...(kind.hasStatus ? [status] : []), ...(hasToken ? [token] : [])];
}

function ofReview({ plural, singular, kind }: Review): Resource {
  return { name: plural, singularName: singular, namespaced: false, kind, verbs: ["create"] };
}

function aggregate(
  group: string,
  versions: readonly string[],
  resourcesOf: (group: string, version: string) => readonly Resource[],
) {
  return {
    metadata: { name: group === "" ? undefined : group, creationTimestamp: null },
    versions: versions.map((version) => ({
      version,
      freshness: "Current",
      resources: nest(group, version, resourcesOf(group, version)),
    })),
  };
}

function nest(group: string, version: string, resources: readonly Resource[]) {
  const main = resources.filter(({ name }) => !name.includes("/"));
  return main.map((resource) => ({
    resource: resource.name,
    responseKind: { group, version, kind: resource.kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singularName,
    verbs: resource.verbs,
    shortNames: resource.shortNames,
    categories: resource.categories,
    subresources: resources
      .filter(({ name }) => name.startsWith(`${resource.name}/`))
      .map((sub) => ({
        subresource: sub.name.slice(resource.name.length + 1),
        responseKind: {
          group: sub.group ?? group,
          version: sub.version ?? version,
          kind: sub.kind,
        },
        verbs: sub.verbs,
      })),
  }));
}
