/** How one string is compared. `regex` is RE2 over the whole string. */
export type StringMatch =
  | { readonly kind: "exact"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "prefix"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "suffix"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "contains"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "regex"; readonly value: string };

/** A header (or, as `:method`, `:authority`, `:scheme`, a part of the request line). Several lines are joined with `,`. */
export interface HeaderMatch {
  /** Lower case. */
  readonly name: string;
  readonly match: { readonly kind: "present" } | StringMatch;
  /** The condition holds when the comparison does not; an absent header then satisfies it. */
  readonly invert: boolean;
}

export interface QueryMatch {
  readonly name: string;
  readonly match: { readonly kind: "present" } | StringMatch;
}
