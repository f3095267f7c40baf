import { FullMatch, scalarAt } from "./full-match.ts";
import { compileProgram, type Program } from "./program.ts";
import { search } from "./search.ts";
import { parseSubstitution, type SubstitutionPart, substitute } from "./substitution.ts";

/** A pattern in RE2's syntax and with its meaning, matched without backtracking. */
export interface Re2 {
  readonly pattern: string;
  /** Capturing groups, not counting the whole match. */
  readonly groups: number;
  /** Whether the *whole* input fits. Linear in the input. */
  test(input: string): boolean;
  /**
   * Replaces every match, leftmost first, wherever it is (RE2's GlobalReplace, what Envoy's regex rewrite does).
   * `\0` to `\9` stand for the match and its groups, `\\` for a backslash. Each match is found in linear time.
   * Throws RegexError for another substitution.
   */
  replace(input: string, substitution: string): string;
  /** `replace` with the substitution read once. Throws RegexError. */
  replacer(substitution: string): (input: string) => string;
}

/**
 * Throws RegexError when the pattern is not RE2 (backreferences, look-around, possessive repetition …), or needs more
 * steps than are run for one character.
 */
export function compileRe2(pattern: string): Re2 {
  const program = compileProgram(pattern);
  const fullMatch = new FullMatch(program);
  const replacer = (substitution: string): ((input: string) => string) => {
    const parts = parseSubstitution(substitution, program.groups);
    return (input) => replaceAll(program, input, parts);
  };
  return {
    pattern,
    groups: program.groups,
    test: (input) => fullMatch.test(input),
    replace: (input, substitution) => replacer(substitution)(input),
    replacer,
  };
}

function replaceAll(program: Program, input: string, parts: readonly SubstitutionPart[]): string {
  let output = "";
  let from = 0;
  let lastEnd = -1;
  while (from <= input.length) {
    const captures = search(program, input, from);
    if (!captures) break;
    const [start = 0, end = 0] = captures;
    output += input.slice(from, start);
    if (start === end && start === lastEnd) {
      // An empty match right after the last one does not count: one character on.
      const width = start < input.length && scalarAt(input, start) > 0xffff ? 2 : 1;
      output += input.slice(start, start + width);
      from = start + width;
    } else {
      output += substitute(parts, input, captures);
      from = end;
      lastEnd = end;
    }
  }
  return output + input.slice(from);
}
