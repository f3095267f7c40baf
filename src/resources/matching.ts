/** How resources say what they compare with. The values fit the configuration's own match types as they are. */

/** Istio's StringMatch. `regex` is RE2 over the whole string. */
export type StringMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "regex"; readonly value: string };

/** `{}` in a header or query match: it must be there, whatever it says. */
export type PresenceMatch = { readonly kind: "present" } | StringMatch;

/** A value of an AuthorizationPolicy: `*` (present), `pre*`, `*suf`, or exactly this. */
export type ValueMatch =
  | { readonly kind: "present" }
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "suffix"; readonly value: string };

export interface NamedMatch {
  /** Header names are lower case, query parameters as written. */
  readonly name: string;
  readonly match: PresenceMatch;
}

/** Labels that must all be there with these values. */
export type LabelSet = Readonly<Record<string, string>>;
