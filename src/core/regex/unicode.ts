import { anyChar, type CharClass, charClass } from "./char-class.ts";

const known = new Map<string, CharClass>();

/** The code points of `\p{name}`: a general category (`L`, `Lu`) or a script (`Greek`); undefined when there is no such name. */
export function unicodeClass(name: string): CharClass | undefined {
  const found = known.get(name);
  if (found) return found;
  const made = find(name);
  if (made) known.set(name, made);
  return made;
}

function find(name: string): CharClass | undefined {
  if (name === "Any") return anyChar;
  // RE2 leaves unassigned code points out of `C`; JavaScript counts them in.
  if (name === "C") return charClass(["Cc", "Cf", "Co"].flatMap((part) => find(part) ?? []));
  if (/^[LMNPSZC][a-z]?$/.test(name) && name !== "Cn") return scan(`\\p{gc=${name}}`);
  if (/^[A-Z][A-Za-z_]+$/.test(name)) return scan(`\\p{Script=${name}}`);
  return undefined;
}

/** JavaScript's own tables say which code points belong: read as runs, plane by plane. */
function scan(property: string): CharClass | undefined {
  let runs: RegExp;
  try {
    runs = new RegExp(`${property}+`, "gu");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const pairs: number[] = [];
  for (const [first, last] of planes())
    for (const { 0: run, index } of everything(first, last).matchAll(runs)) {
      const width = first > 0xffff ? 2 : 1;
      const start = first + index / width;
      pairs.push(start, start + run.length / width - 1);
    }
  return charClass(pairs);
}

/** Surrogates are left out: no text that RE2 sees has them. */
function planes(): readonly (readonly [number, number])[] {
  const upper = Array.from(
    { length: 16 },
    (_, i) => [(i + 1) << 16, ((i + 1) << 16) + 0xffff] as const,
  );
  return [[0, 0xd7ff], [0xe000, 0xffff], ...upper];
}

function everything(first: number, last: number): string {
  const parts: string[] = [];
  for (let codePoint = first; codePoint <= last; codePoint++)
    parts.push(String.fromCodePoint(codePoint));
  return parts.join("");
}
