import { includes, wordChars } from "./char-class.ts";
import type { Program } from "./program.ts";

/** Code points that a program cannot tell apart are one symbol, so that tables stay small. */
export interface Alphabet {
  readonly size: number;
  /** Symbol of each ASCII character: the hot path. */
  readonly ascii: Uint16Array;
  symbolOf(codePoint: number): number;
  /** Some code point of the symbol. */
  memberOf(symbol: number): number;
}

export function alphabetOf({ instructions, hasAssertions }: Program): Alphabet {
  const starts = new Set([0]);
  const cut = (chars: readonly number[]): void => {
    for (let i = 0; i < chars.length; i += 2) {
      starts.add(chars[i] ?? 0);
      starts.add((chars[i + 1] ?? 0) + 1);
    }
  };
  for (const instruction of instructions) if (instruction.op === "class") cut(instruction.chars);
  if (hasAssertions) cut([...wordChars, 0x0a, 0x0a]);

  const { first, symbols } = mergeAlike(
    [...starts].sort((a, b) => a - b),
    instructions,
    hasAssertions,
  );
  const members: number[] = [];
  for (const [i, symbol] of symbols.entries()) members[symbol] ??= first[i] ?? 0;

  const symbolOf = (codePoint: number): number => symbols[lastAtMost(first, codePoint)] ?? 0;
  return {
    size: members.length,
    ascii: Uint16Array.from({ length: 128 }, (_, codePoint) => symbolOf(codePoint)),
    symbolOf,
    memberOf: (symbol) => members[symbol] ?? 0,
  };
}

/** Intervals that are in the same classes share a symbol: `\pL` has hundreds of intervals and needs two symbols. */
function mergeAlike(
  first: readonly number[],
  instructions: Program["instructions"],
  hasAssertions: boolean,
): { readonly first: readonly number[]; readonly symbols: readonly number[] } {
  const classes = instructions.flatMap((each) => (each.op === "class" ? [each.chars] : []));
  const distinct = [...new Map(classes.map((chars) => [chars.join(), chars])).values()];
  if (hasAssertions) distinct.push(wordChars, [0x0a, 0x0a]);
  const bySignature = new Map<string, number>();
  const symbols = first.map((codePoint) => {
    const signature = distinct.map((chars) => (includes(chars, codePoint) ? "1" : "0")).join("");
    const symbol = bySignature.get(signature) ?? bySignature.size;
    bySignature.set(signature, symbol);
    return symbol;
  });
  return { first, symbols };
}

/** Index of the last value that is not above `limit`; values ascend and begin at 0. */
function lastAtMost(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((values[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
