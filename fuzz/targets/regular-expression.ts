import { compileRe2 } from "#core/regex/re2.ts";
import { RegexError } from "#core/regex/regex-error.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const MAX_CHARS = 200;

/** A pattern, a substitution and a text, each behind a line end. Every match put where it was leaves the text as it was. */
export const regularExpression: FuzzTarget = {
  name: "regular-expression",
  dictionary: ["(", ")", "[", "]", "*", "+?", "{2,3}", "|", "\\d", "\\pL", "\\b", "(?i)", "^", "$"],
  run(bytes) {
    const [pattern = "", substitution = "", ...rest] = bytes.toString("utf8").split("\n");
    const text = rest.join("\n").slice(0, MAX_CHARS);
    try {
      const regex = compileRe2(pattern.slice(0, MAX_CHARS));
      mustEqual(regex.replace(text, "\\0"), text, "each match by itself");
      regex.test(text);
      regex.replace(text, substitution);
    } catch (cause) {
      if (!(cause instanceof RegexError)) throw cause;
    }
  },
};
