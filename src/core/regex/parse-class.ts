import { type CharClass, digits, posixClasses, spaces, wordChars } from "./char-class.ts";
import { unicodeClass } from "./unicode.ts";

/** What the reading of classes and escapes needs of the parser. */
export interface ClassReader {
  readonly pattern: string;
  at: number;
  fail(message: string, position?: number): never;
  peek(text: string): boolean;
  eat(text: string): boolean;
  take(): number;
}

/** Letters are folded before a part is negated, and the whole class after that. */
export interface ClassPart {
  readonly chars: CharClass;
  readonly negated: boolean;
}

export interface BracketClass {
  readonly parts: readonly ClassPart[];
  readonly negated: boolean;
}

/** `[…]` */
export function readBracketClass(reader: ClassReader): BracketClass {
  const start = reader.at;
  reader.eat("[");
  const negated = reader.eat("^");
  const parts: ClassPart[] = [];
  let first = true;
  while (first || !reader.peek("]")) {
    if (reader.at >= reader.pattern.length) reader.fail("[ is never closed", start);
    parts.push(...readClassItem(reader));
    first = false;
  }
  reader.eat("]");
  return { parts, negated };
}

function readClassItem(reader: ClassReader): readonly ClassPart[] {
  const posix = reader.peek("[:") ? readPosixClass(reader) : undefined;
  if (posix) return posix;
  const escaped = reader.peek("\\") ? readClassEscape(reader) : undefined;
  if (escaped) return escaped;

  const start = reader.at;
  const low = readClassChar(reader);
  const next = reader.pattern[reader.at + 1];
  if (!reader.peek("-") || next === "]" || next === undefined)
    return [{ chars: [low, low], negated: false }];
  reader.eat("-");
  const high = readClassChar(reader);
  if (high < low) reader.fail("a range ends before it begins", start);
  return [{ chars: [low, high], negated: false }];
}

function readClassChar(reader: ClassReader): number {
  return reader.peek("\\") ? readEscapedChar(reader) : reader.take();
}

/** `[:alpha:]`, `[:^alpha:]`; undefined when this is not one. */
function readPosixClass(reader: ClassReader): readonly ClassPart[] | undefined {
  const end = reader.pattern.indexOf(":]", reader.at + 2);
  if (end < 0) return undefined;
  const written = reader.pattern.slice(reader.at + 2, end);
  const negated = written.startsWith("^");
  const name = negated ? written.slice(1) : written;
  const chars = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
  if (!chars) reader.fail(`there is no class [:${written}:]`);
  reader.at = end + 2;
  return [{ chars, negated }];
}

const perlClasses: readonly (readonly [letter: string, chars: CharClass])[] = [
  ["d", digits],
  ["s", spaces],
  ["w", wordChars],
];

/** `\d`, `\W`, `\pL`, `\P{Greek}`; undefined when the escape here is not a class. */
export function readClassEscape(reader: ClassReader): readonly ClassPart[] | undefined {
  for (const [letter, chars] of perlClasses) {
    if (reader.eat(`\\${letter}`)) return [{ chars, negated: false }];
    if (reader.eat(`\\${letter.toUpperCase()}`)) return [{ chars, negated: true }];
  }
  const start = reader.at;
  if (!reader.peek("\\p") && !reader.peek("\\P")) return undefined;
  const written = /^\\[pP](?:\{(\^?)(\w+)\}|(\w))/.exec(reader.pattern.slice(start));
  if (!written) reader.fail("expected \\p{Name} or \\pN");
  const [all, caret = "", long, short] = written;
  const chars = unicodeClass(long ?? short ?? "");
  if (!chars) reader.fail(`there is no class ${all}`);
  reader.at += all.length;
  return [{ chars, negated: all.startsWith("\\P") !== (caret === "^") }];
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** One character behind a backslash. What RE2 does not know is refused, so that no escape changes its meaning. */
export function readEscapedChar(reader: ClassReader): number {
  const start = reader.at;
  reader.eat("\\");
  const rest = reader.pattern.slice(reader.at);
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)?.[0];
  if (octal !== undefined) {
    reader.at += octal.length;
    return Number.parseInt(octal, 8);
  }
  if (/^[1-9]/.test(rest)) reader.fail("backreferences are not RE2", start);
  const hex = /^x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(rest);
  if (hex) {
    const value = Number.parseInt(hex[1] ?? hex[2] ?? "", 16);
    if (value > 0x10_ffff) reader.fail("there is no such character", start);
    reader.at += hex[0].length;
    return value;
  }
  const codePoint = reader.take();
  const letter = String.fromCodePoint(codePoint);
  const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
  if (control !== undefined) return control;
  if (codePoint >= 0x80 || /[A-Za-z0-9]/.test(letter))
    reader.fail(`\\${letter} is not an escape of RE2`, start);
  return codePoint;
}
