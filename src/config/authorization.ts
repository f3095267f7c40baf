import type { Origin } from "./origin.ts";
import type { HeaderMatch, StringMatch } from "./string-match.ts";

/** Who may do what at one inbound listener. DENY first; then, when there is any ALLOW, one of them must match. */
export interface Authorization {
  readonly deny: readonly Policy[];
  /** Absent: no ALLOW policy selects this workload, so what is not denied is allowed. Empty: nothing is allowed. */
  readonly allow?: readonly Policy[];
}

/** One rule of one AuthorizationPolicy. */
export interface Policy {
  /** Istio's name: `ns[shop]-policy[payments-charge]-rule[0]`. */
  readonly name: string;
  readonly origin: Origin;
  readonly when: Condition;
}

/** A tree over facts of one request; leaves name the field, so that the closest rule can be explained. */
export type Condition =
  | { readonly kind: "all"; readonly of: readonly Condition[] }
  | { readonly kind: "any"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "always" }
  /** Peer's SPIFFE ID without `spiffe://`. `present`: any authenticated peer. */
  | { readonly kind: "principal"; readonly match: { readonly kind: "present" } | StringMatch }
  /** Namespace of the peer's identity. */
  | { readonly kind: "namespace"; readonly match: { readonly kind: "present" } | StringMatch }
  | { readonly kind: "method"; readonly match: { readonly kind: "present" } | StringMatch }
  /** Normalised path without query. `template` has `{*}` (one segment) and `{**}` (last). */
  | {
      readonly kind: "path";
      readonly match:
        | { readonly kind: "present" }
        | StringMatch
        | { readonly kind: "template"; readonly value: string };
    }
  /** Authority, compared without regard to case. */
  | { readonly kind: "host"; readonly match: { readonly kind: "present" } | StringMatch }
  | { readonly kind: "header"; readonly header: HeaderMatch }
  /** The workload's own port. */
  | { readonly kind: "destination-port"; readonly port: number }
  /** Direct peer address. */
  | { readonly kind: "source-ip"; readonly cidr: string };
