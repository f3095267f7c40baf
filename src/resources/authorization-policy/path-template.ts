/** Path values of policies: `pre*`, `*suf`, `*`, exact, or a template of whole segments with `{*}` and a last `{**}`. */

/** What is wrong with a path value, in words; undefined when nothing is. */
export function pathProblem(value: string): string | undefined {
  if (/[{}]/.test(value)) return templateProblem(value);
  const stars = value.split("*").length - 1;
  if (stars > 1 || (stars === 1 && !value.startsWith("*") && !value.endsWith("*")))
    return `"${value}" has * where it means nothing; expected pre*, *suf, *, or a template such as /users/{*}/orders`;
  if (value.includes("?")) return `"${value}" has a query, and paths are compared without it`;
  return undefined;
}

function templateProblem(value: string): string | undefined {
  if (!value.startsWith("/")) return `"${value}" is a template and must begin with /`;
  const segments = value.slice(1).split("/");
  for (const [i, segment] of segments.entries()) {
    if (segment === "{**}" && i < segments.length - 1)
      return `"${value}" has {**} before its end; only the last segment may be {**}`;
    if (segment === "{*}" || segment === "{**}") continue;
    if (/[{}]/.test(segment))
      return `"${value}" has the segment "${segment}"; expected {*}, a last {**}, or a literal`;
    if (segment.includes("*"))
      return `"${value}" mixes * with {*}; write {*} for one segment and {**} for the rest`;
  }
  return undefined;
}
