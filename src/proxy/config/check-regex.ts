import { compileRe2 } from "#core/regex/re2.ts";

/** Why a pattern cannot be used; undefined: it can. */
export function checkRegex(pattern: string): string | undefined {
  try {
    compileRe2(pattern);
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
