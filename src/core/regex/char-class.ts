/** A set of code points: pairs of first and last, ascending, never touching. */
export type CharClass = readonly number[];

export const maxCodePoint = 0x10_ffff;

export const digits: CharClass = [0x30, 0x39];
export const wordChars: CharClass = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
/** Perl's `\s` in RE2: tab, newline, form feed, return, space. */
export const spaces: CharClass = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
export const anyChar: CharClass = [0, maxCodePoint];
export const notNewline: CharClass = [0, 0x09, 0x0b, maxCodePoint];

/** `[:name:]` */
export const posixClasses: Readonly<Record<string, CharClass>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0, 0x1f, 0x7f, 0x7f],
  digit: digits,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word: wordChars,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};

/** Sorts and joins pairs given in any order. */
export function charClass(pairs: readonly number[]): CharClass {
  const ranges: (readonly [number, number])[] = [];
  for (let i = 0; i < pairs.length; i += 2) ranges.push([pairs[i] ?? 0, pairs[i + 1] ?? 0]);
  ranges.sort((a, b) => a[0] - b[0]);
  const joined: number[] = [];
  for (const [first, last] of ranges) {
    const end = joined.at(-1);
    if (end !== undefined && first <= end + 1) joined[joined.length - 1] = Math.max(end, last);
    else joined.push(first, last);
  }
  return joined;
}

export function negate(chars: CharClass): CharClass {
  const rest: number[] = [];
  let next = 0;
  for (let i = 0; i < chars.length; i += 2) {
    const first = chars[i] ?? 0;
    if (first > next) rest.push(next, first - 1);
    next = (chars[i + 1] ?? 0) + 1;
  }
  if (next <= maxCodePoint) rest.push(next, maxCodePoint);
  return rest;
}

export function includes(chars: CharClass, codePoint: number): boolean {
  for (let i = 0; i < chars.length; i += 2) {
    if (codePoint < (chars[i] ?? 0)) return false;
    if (codePoint <= (chars[i + 1] ?? 0)) return true;
  }
  return false;
}

/** The set with every letter in all its cases, as `(?i)` wants it. */
export function foldCase(chars: CharClass): CharClass {
  const more: number[] = [...chars];
  for (let i = 0; i < chars.length; i += 2) {
    const first = chars[i] ?? 0;
    const last = chars[i + 1] ?? 0;
    for (const [folded, members] of orbits())
      for (const member of [folded, ...members])
        if (member >= first && member <= last) {
          for (const other of [folded, ...members]) more.push(other, other);
          break;
        }
  }
  return charClass(more);
}

let knownOrbits: ReadonlyMap<number, readonly number[]> | undefined;

/** Letters that differ only in case: from one of them to the others. Made on first use (about 20 ms). */
function orbits(): ReadonlyMap<number, readonly number[]> {
  if (knownOrbits) return knownOrbits;
  const made = new Map<number, number[]>();
  for (let codePoint = 0; codePoint <= lastCased; codePoint++) {
    const folded = foldOne(codePoint);
    if (folded === codePoint) continue;
    const members = made.get(folded);
    if (members) members.push(codePoint);
    else made.set(folded, [codePoint]);
  }
  knownOrbits = made;
  return made;
}

/** No letter has case above this (Adlam). */
const lastCased = 0x1_e943;

/** Turkish dotted and dotless i fold to nothing else. */
const unfolded = new Set([0x130, 0x131]);

function foldOne(codePoint: number): number {
  if (unfolded.has(codePoint) || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return codePoint;
  const upper = single(String.fromCodePoint(codePoint).toUpperCase()) ?? codePoint;
  return single(String.fromCodePoint(upper).toLowerCase()) ?? codePoint;
}

function single(text: string): number | undefined {
  const codePoint = text.codePointAt(0) ?? 0;
  return text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : undefined;
}
