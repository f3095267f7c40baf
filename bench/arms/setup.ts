// What stands between the generator and the backend, said once for every program that can stand there.

export type Setup =
  /** One proxy, plaintext on both sides. */
  | { readonly kind: "one-hop" }
  /** Two proxies with mutual TLS between, as two sidecars stand. */
  | { readonly kind: "pair" }
  /** One proxy, HTTP/2 without TLS on both sides. */
  | { readonly kind: "grpc" }
  /** The pair at layer 4: octets, whatever they mean. */
  | { readonly kind: "tcp" }
  /** One proxy with so many routes on one host, and none that takes the rest. */
  | { readonly kind: "routes"; readonly match: "exact" | "prefix"; readonly count: number }
  /** One proxy with so many hosts of one route each. */
  | { readonly kind: "hosts"; readonly count: number }
  /** The pair, in a mesh that has so many other services. */
  | { readonly kind: "services"; readonly count: number };

/** What a request asks for. */
export interface Target {
  readonly host: string;
  readonly path: string;
}

export const DEFAULT_HOST = "bench.example";
/** Asks spread over the whole table: its first entries, its last one, and between. */
const TARGETS_MAX = 64;

const number = (index: number): string => `${index}`.padStart(5, "0");

export const exactPath = (index: number): string => `/route/${number(index)}`;
export const prefixPath = (index: number): string => `/below/${number(index)}/`;
export const hostName = (index: number): string => `host-${number(index)}.example`;

/** One target unless the setup has a table to spread over. */
export function targetsOf(setup: Setup, path: string): readonly Target[] {
  if (setup.kind === "routes")
    return spread(setup.count).map((index) => ({
      host: DEFAULT_HOST,
      path: setup.match === "exact" ? exactPath(index) : `${prefixPath(index)}item`,
    }));
  if (setup.kind === "hosts")
    return spread(setup.count).map((index) => ({ host: hostName(index), path }));
  return [{ host: DEFAULT_HOST, path }];
}

function spread(count: number): readonly number[] {
  const targets = Math.min(count, TARGETS_MAX);
  if (targets === 1) return [0];
  return Array.from({ length: targets }, (_, index) =>
    Math.round((index * (count - 1)) / (targets - 1)),
  );
}

/** The table's entries, from 0; none for setups without one. */
export const entriesOf = (setup: Setup): readonly number[] =>
  setup.kind === "routes" || setup.kind === "hosts"
    ? Array.from({ length: setup.count }, (_, index) => index)
    : [];

/** `pair`, `routes-100-exact`: names files, processes and namespaces. */
export function setupName(setup: Setup): string {
  if (setup.kind === "routes") return `routes-${setup.count}-${setup.match}`;
  if (setup.kind === "hosts" || setup.kind === "services") return `${setup.kind}-${setup.count}`;
  return setup.kind;
}

/** How many proxies a request passes. */
export const hopsOf = ({ kind }: Setup): 1 | 2 =>
  kind === "pair" || kind === "tcp" || kind === "services" ? 2 : 1;
