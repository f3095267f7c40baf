import type { WhenCondition } from "./authorization-policy.ts";

/** What a condition's `key` names. */
export interface WhenKey {
  readonly kind: WhenCondition["kind"];
  /** Of the header, as written; `""` for the other kinds. */
  readonly name: string;
}

const plainKeys: Readonly<Record<string, WhenCondition["kind"]>> = {
  "source.ip": "source-ip",
  "source.namespace": "source-namespace",
  "source.principal": "source-principal",
  "destination.port": "destination-port",
};

export const whenKeys: readonly string[] = ["request.headers[NAME]", ...Object.keys(plainKeys)];

/** Keys that Istio knows and this version does not act on, with the reason. */
const refusedKeys: readonly (readonly [RegExp, string])[] = [
  [/^request\.auth\./, "tokens are not verified yet"],
  [/^remote\.ip$/, "forwarded addresses are not trusted yet; source.ip is the direct peer"],
  [/^source\.serviceAccount$/, "write source.serviceAccounts of from, or source.principal"],
  [/^source\.trustDomain$/, "write the trust domain into source.principal"],
  [/^destination\.ip$/, "a sidecar has one workload behind it; write a selector"],
  [/^connection\.sni$/, "it is set by the mesh"],
  [/^experimental\./, "there are no Envoy filters to read from"],
];

export function readWhenKey(key: string): WhenKey | undefined {
  const header = /^request\.headers\[([^\]]+)\]$/.exec(key)?.[1];
  if (header !== undefined) return { kind: "header", name: header };
  const kind = Object.hasOwn(plainKeys, key) ? plainKeys[key] : undefined;
  return kind === undefined ? undefined : { kind, name: "" };
}

/** Why a key that Istio knows is refused; undefined for any other. */
export function refusalOfKey(key: string): string | undefined {
  return refusedKeys.find(([pattern]) => pattern.test(key))?.[1];
}
