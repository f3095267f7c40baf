import type { Issue } from "#core/issue.ts";
import type { Resource } from "../resource.ts";

/** What an analysis may see of the store: every object of one moment. Kinds are named as `kindKey` does. */
export interface Lister {
  /** Of one namespace, or of all. */
  list(kindKey: string, namespace?: string): readonly Resource[];
  /** `namespace` is `""` for cluster-scoped kinds. */
  get(kindKey: string, namespace: string, name: string): Resource | undefined;
}

/** What holds in the mesh and stands in no object. */
export interface MeshFacts {
  /** The CA's. Absent: not known here, so nothing is said about it. */
  readonly trustDomain?: string;
}

export interface Analysis {
  /** Any of these refuses the object. */
  readonly issues: readonly Issue[];
  /** Sentences: each names the field. */
  readonly warnings: readonly string[];
}

/** Looks at one object among all others. Files of one folder arrive in any order, so what is missing only warns. */
export type Analyser = (object: Resource, lister: Lister, facts: MeshFacts) => Analysis;
