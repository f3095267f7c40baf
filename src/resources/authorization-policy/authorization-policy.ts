import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet, ValueMatch } from "../matching.ts";

export interface AuthorizationPolicy {
  readonly object: ObjectIdentity;
  /** Absent: the whole namespace, or the whole mesh when in the root namespace. */
  readonly selector?: LabelSet;
  readonly action: "allow" | "deny";
  /** Any of these. Empty: never matches, so that an `allow` without rules allows nothing. */
  readonly rules: readonly AuthorizationRule[];
}

/** Any source, and any operation, and every condition. An empty list holds for every request. */
export interface AuthorizationRule {
  readonly from: readonly Source[];
  readonly to: readonly Operation[];
  readonly when: readonly WhenCondition[];
}

/** Every list that is not empty must hold; a list holds when one of its items does, a `not` list when none does. */
export interface Source {
  /** Peer's SPIFFE ID without `spiffe://`. */
  readonly principals: readonly ValueMatch[];
  readonly notPrincipals: readonly ValueMatch[];
  readonly namespaces: readonly ValueMatch[];
  readonly notNamespaces: readonly ValueMatch[];
  readonly serviceAccounts: readonly ServiceAccountRef[];
  readonly notServiceAccounts: readonly ServiceAccountRef[];
  /** Direct peer; single addresses are written as /32 or /128. */
  readonly ipBlocks: readonly string[];
  readonly notIpBlocks: readonly string[];
}

export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}

export interface Operation {
  /** Compared without regard to case. */
  readonly hosts: readonly ValueMatch[];
  readonly notHosts: readonly ValueMatch[];
  /** The workload's own port. */
  readonly ports: readonly number[];
  readonly notPorts: readonly number[];
  readonly methods: readonly ValueMatch[];
  readonly notMethods: readonly ValueMatch[];
  readonly paths: readonly PathValue[];
  readonly notPaths: readonly PathValue[];
}

/** `template` has `{*}` (one segment) and `{**}` (any number, last). */
export type PathValue = ValueMatch | { readonly kind: "template"; readonly value: string };

/** One of `values` (when any), and none of `notValues`. */
export type WhenCondition =
  | WhenMatches<"header", ValueMatch>
  | WhenMatches<"source-principal", ValueMatch>
  | WhenMatches<"source-namespace", ValueMatch>
  | WhenMatches<"source-ip", string>
  | WhenMatches<"destination-port", number>;

interface WhenMatches<Kind extends string, Value> {
  readonly kind: Kind;
  /** Name of the header, lower case; `""` for the other kinds. */
  readonly name: string;
  readonly values: readonly Value[];
  readonly notValues: readonly Value[];
}
