import type { SortedLists } from "../incremental/sorted-lists.ts";

/** Rules by the host that they name, for one kind of rule (and one namespace). */
export interface HostRules<T> {
  /** By `prefix` and host. */
  readonly lists: SortedLists<T>;
  /** Before the host in the keys of `lists`. */
  readonly prefix: string;
  /** Whether any rule names a wildcard at all; nobody looks for one otherwise. */
  readonly hasWildcards: boolean;
}

/** The first result that `choose` has for the rules of a host, asked for the host itself and then for narrower before wider wildcards. */
export function narrowest<T, R>(
  { lists, prefix, hasWildcards }: HostRules<T>,
  host: string,
  choose: (rules: readonly T[]) => R | undefined,
): R | undefined {
  const exact = lists.get(prefix + host);
  const found = exact && choose(exact);
  if (found !== undefined || !hasWildcards) return found;
  for (const wildcard of wildcardsOver(host)) {
    const rules = lists.get(prefix + wildcard);
    const chosen = rules && choose(rules);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/** Every wildcard that covers a host, narrowest first: for `a.b.c` it is `*.b.c`, `*.c`, `*`. */
function* wildcardsOver(host: string): Generator<string> {
  const name = host.startsWith("*.") ? host.slice(2) : host;
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1))
    yield `*${name.slice(dot)}`;
  if (host !== "*") yield "*";
}
