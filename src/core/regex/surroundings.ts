import { includes, wordChars } from "./char-class.ts";
import type { Assertion } from "./syntax.ts";

/** What stands beside a position, as far as assertions care. */
export const edge = 0;
export const wordChar = 1;
export const newline = 2;
export const otherChar = 3;

export type Neighbour = 0 | 1 | 2 | 3;

export function neighbourOf(codePoint: number | undefined): Neighbour {
  if (codePoint === undefined) return edge;
  if (codePoint === 0x0a) return newline;
  return includes(wordChars, codePoint) ? wordChar : otherChar;
}

export function holds(what: Assertion, before: Neighbour, after: Neighbour): boolean {
  switch (what) {
    case "text-start":
      return before === edge;
    case "text-end":
      return after === edge;
    case "line-start":
      return before === edge || before === newline;
    case "line-end":
      return after === edge || after === newline;
    case "word-boundary":
      return (before === wordChar) !== (after === wordChar);
    case "not-word-boundary":
      return (before === wordChar) === (after === wordChar);
  }
}
