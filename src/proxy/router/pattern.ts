/** A compiled RE2 pattern as the router needs it. */
export interface Pattern {
  /** Over the whole text. */
  matches(text: string): boolean;
  /** Every match anywhere in the text; `\1` in the substitution is a group, `\0` the match. */
  replaceAll(text: string, substitution: string): string;
}

export function compilePattern(source: string): Pattern {
  const whole = new RegExp(`^(?:${source})$`, "s");
  const anywhere = new RegExp(source, "gs");
  return {
    matches: (text) => whole.test(text),
    replaceAll: (text, substitution) =>
      text.replace(anywhere, (...groups) =>
        substitution.replace(/\\(\d)/g, (_, digit: string) => String(groups[Number(digit)] ?? "")),
      ),
  };
}
