import type { ResourceKind } from "#resources/kind.ts";
import type { KindKey } from "#store/store.ts";
import { type ServedKind, servedKind } from "./served-kind.ts";

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** All kinds that are served, by each name that a request may use. */
export class KindTable {
  readonly kinds: readonly ServedKind[];
  readonly #byKey: ReadonlyMap<KindKey, ServedKind>;

  constructor(kinds: readonly ResourceKind[]) {
    this.kinds = kinds.map(servedKind);
    this.#byKey = new Map(this.kinds.map((kind) => [kind.key, kind]));
  }

  byKey(key: KindKey): ServedKind | undefined {
    return this.#byKey.get(key);
  }

  find({ group, version }: GroupVersion, plural: string): ServedKind | undefined {
    const kind = this.#byKey.get(group === "" ? plural : `${plural}.${group}`);
    return kind?.versions.includes(version) ? kind : undefined;
  }

  /** Groups in the order in which they were given, core first, each with its versions, preferred first. */
  groups(): ReadonlyMap<string, readonly string[]> {
    const groups = new Map<string, Set<string>>([["", new Set()]]);
    for (const { group, versions } of this.kinds) {
      const known = groups.get(group) ?? new Set();
      for (const version of versions) known.add(version);
      groups.set(group, known);
    }
    return new Map([...groups].map(([group, versions]) => [group, [...versions].sort(byMaturity)]));
  }

  inGroupVersion({ group, version }: GroupVersion): readonly ServedKind[] {
    return this.kinds.filter((kind) => kind.group === group && kind.versions.includes(version));
  }
}

/** Stable before beta before alpha, newer before older: `v2 v1 v1beta2 v1beta1 v1alpha1`. */
function byMaturity(a: string, b: string): number {
  const [majorA, levelA, minorA] = parts(a);
  const [majorB, levelB, minorB] = parts(b);
  return levelB - levelA || majorB - majorA || minorB - minorA;
}

function parts(version: string): [major: number, level: number, minor: number] {
  const [, major = "0", level = "", minor = "0"] =
    /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  const levels: Record<string, number> = { "": 3, beta: 2, alpha: 1 };
  return [Number(major), levels[level] ?? 0, Number(minor)];
}
