/** What one check found. */
export interface Finding {
  /** Anchor in `docs/reference/checks.md`. */
  readonly id: string;
  /** What holds when all is well: `trust roots are valid for at least 60 days`. */
  readonly title: string;
  readonly verdict: "good" | "warning" | "error";
  /** Why not, and what to do; one line each. */
  readonly details: readonly string[];
}

export interface Category {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** Good without details, else as bad as `verdict` says. */
export const finding = (
  id: string,
  title: string,
  verdict: "warning" | "error",
  details: readonly string[],
): Finding => ({ id, title, verdict: details.length === 0 ? "good" : verdict, details });
