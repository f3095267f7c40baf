import type { PathMatch, Rewrite } from "#config/route.ts";
import { compilePattern } from "./pattern.ts";

/** From the normalised path (without query) to the path that is sent. */
export type PathRewrite = (path: string) => string;

/** Throws what `compilePattern` throws. */
export function compilePathRewrite(
  match: PathMatch,
  rewrite: NonNullable<Rewrite["path"]>,
): PathRewrite {
  if (rewrite.kind === "regex") {
    const pattern = compilePattern(rewrite.pattern);
    return (path) => pattern.replaceAll(path, rewrite.substitution);
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
