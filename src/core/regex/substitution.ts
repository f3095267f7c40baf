import { RegexError } from "./regex-error.ts";
import type { Captures } from "./search.ts";

/** Text, or the number of a group (0 is the whole match). */
export type SubstitutionPart = string | number;

/** Reads RE2's substitutions: `\0` to `\9` and `\\`; a backslash before anything else is refused. Throws RegexError. */
export function parseSubstitution(written: string, groups: number): readonly SubstitutionPart[] {
  const parts: SubstitutionPart[] = [];
  let text = "";
  for (let i = 0; i < written.length; i++) {
    const char = written[i] ?? "";
    if (char !== "\\") {
      text += char;
      continue;
    }
    const next = written[++i] ?? "";
    if (next === "\\") text += "\\";
    else if (!/^\d$/.test(next))
      throw new RegexError(`expected \\0 to \\9 or \\\\ in ${JSON.stringify(written)}`, i - 1);
    else if (Number(next) > groups)
      throw new RegexError(`\\${next} is used, but the pattern has ${groups} groups`, i - 1);
    else {
      parts.push(text, Number(next));
      text = "";
    }
  }
  return [...parts, text].filter((part) => part !== "");
}

export function substitute(
  parts: readonly SubstitutionPart[],
  input: string,
  captures: Captures,
): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      const start = captures[2 * part] ?? -1;
      return start < 0 ? "" : input.slice(start, captures[2 * part + 1]);
    })
    .join("");
}
