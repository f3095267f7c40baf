import type { PathMatch, Rewrite } from "#config/route.ts";
import { compileRe2 } from "#core/regex/re2.ts";

/** From the normalised path (without query) to the path that is sent. */
export type PathRewrite = (path: string) => string;

/** Throws what `compileRe2` throws. */
export function compilePathRewrite(
  match: PathMatch,
  rewrite: NonNullable<Rewrite["path"]>,
): PathRewrite {
  if (rewrite.kind === "regex") {
    return compileRe2(rewrite.pattern).replacer(rewrite.substitution);
  }
  const { value } = rewrite;
  if (rewrite.kind === "path" || match.kind !== "prefix") return () => value;
  return prefixReplacer(match.value.length, value);
}

/** `/` in place of `/v1` makes `/v1/x` into `/x`, not `//x` (Istio's rule; any other value replaces byte for byte). */
export function prefixReplacer(prefixLength: number, value: string): PathRewrite {
  return (path) => {
    const rest = path.slice(prefixLength);
    return value === "/" && rest.startsWith("/") ? rest : value + rest;
  };
}
