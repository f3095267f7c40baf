/** One thing that is wrong with a value. Validation returns all of them and never throws. */
export interface Issue {
  /** Where, in the user's own words: `spec.http[0].route[1].weight`. */
  readonly path: string;
  /** A stable word for machines: `required`, `unknown-field`, `unsupported-field`, `invalid`, `conflict` … */
  readonly code: string;
  /** What was wrong and what would be right, in one sentence. */
  readonly message: string;
}
