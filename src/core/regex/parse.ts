import { anyChar, charClass, foldCase, negate, notNewline } from "./char-class.ts";
import {
  type ClassPart,
  type ClassReader,
  readBracketClass,
  readClassEscape,
  readEscapedChar,
} from "./parse-class.ts";
import { RegexError } from "./regex-error.ts";
import type { Assertion, Node } from "./syntax.ts";

/** RE2's own limits. */
const maxRepeat = 1000;
const maxDepth = 1000;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
}

export interface Parsed {
  readonly root: Node;
  /** Capturing groups, not counting the whole match. */
  readonly groups: number;
}

/** Reads RE2 syntax (Perl-like, without backreferences and look-around). Throws RegexError. */
export function parsePattern(pattern: string): Parsed {
  return new Parser(pattern).parse();
}

class Parser implements ClassReader {
  readonly pattern: string;
  at = 0;
  #flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false, ungreedy: false };
  #groups = 0;
  #depth = 0;
  readonly #names = new Set<string>();

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  parse(): Parsed {
    const root = this.#choice();
    if (this.at < this.pattern.length) this.fail("unexpected )");
    return { root, groups: this.#groups };
  }

  fail(message: string, position = this.at): never {
    throw new RegexError(
      `${message} at position ${position} of ${JSON.stringify(this.pattern)}`,
      position,
    );
  }

  peek(text: string): boolean {
    return this.pattern.startsWith(text, this.at);
  }

  eat(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  /** The code point here, consumed. */
  take(): number {
    const codePoint = this.pattern.codePointAt(this.at);
    if (codePoint === undefined) this.fail("the pattern ends too early");
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  #choice(): Node {
    if (++this.#depth > maxDepth) this.fail("groups nest too deeply");
    const branches = [this.#sequence()];
    while (this.eat("|")) branches.push(this.#sequence());
    this.#depth--;
    const [only] = branches;
    return branches.length === 1 && only ? only : { kind: "choice", of: branches };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.pattern.length && !this.peek("|") && !this.peek(")")) {
      if (this.eat("\\Q")) parts.push(...this.#quoted());
      else {
        const atom = this.#atom();
        if (atom) parts.push(this.#repeated(atom));
      }
    }
    const [only] = parts;
    if (parts.length === 0) return { kind: "empty" };
    return parts.length === 1 && only ? only : { kind: "sequence", of: parts };
  }

  /** `\Q…\E`; a repetition after it belongs to its last character. */
  #quoted(): Node[] {
    const end = this.pattern.indexOf("\\E", this.at);
    const stop = end < 0 ? this.pattern.length : end;
    const parts: Node[] = [];
    while (this.at < stop) parts.push(this.#literal(this.take()));
    if (end >= 0) this.at += 2;
    const last = parts.pop();
    return last ? [...parts, this.#repeated(last)] : [];
  }

  /** One thing that may be repeated; undefined after flags that hold from here on. */
  #atom(): Node | undefined {
    const start = this.at;
    if (this.eat("(")) return this.#group(start);
    if (this.peek("[")) {
      const { parts, negated } = readBracketClass(this);
      return this.#chars(parts, negated);
    }
    if (this.eat(".")) return { kind: "class", chars: this.#flags.dotAll ? anyChar : notNewline };
    if (this.eat("^")) return assert(this.#flags.multiLine ? "line-start" : "text-start");
    if (this.eat("$")) return assert(this.#flags.multiLine ? "line-end" : "text-end");
    if (this.peek("\\")) return this.#escape();
    if (this.peek("*") || this.peek("+") || this.peek("?") || this.#repeatHere())
      this.fail("there is nothing to repeat", start);
    return this.#literal(this.take());
  }

  #escape(): Node {
    if (this.eat("\\A")) return assert("text-start");
    if (this.eat("\\z")) return assert("text-end");
    if (this.eat("\\b")) return assert("word-boundary");
    if (this.eat("\\B")) return assert("not-word-boundary");
    const chars = readClassEscape(this);
    return chars ? this.#chars(chars) : this.#literal(readEscapedChar(this));
  }

  #literal(codePoint: number): Node {
    return this.#chars([{ chars: [codePoint, codePoint], negated: false }]);
  }

  /** Case is folded before a set is negated. */
  #chars(parts: readonly ClassPart[], negated = false): Node {
    const sets = parts.map((part) => {
      const folded = this.#flags.ignoreCase ? foldCase(part.chars) : part.chars;
      return part.negated ? negate(folded) : folded;
    });
    const chars = charClass(sets.flat());
    return { kind: "class", chars: negated ? negate(chars) : chars };
  }

  #group(start: number): Node | undefined {
    const outer = this.#flags;
    let index: number | undefined;
    if (this.eat("?P<") || (this.peek("?<") && !this.#lookBehind() && this.eat("?<"))) {
      this.#groupName(start);
      index = ++this.#groups;
    } else if (this.eat("?")) {
      if (!this.#setFlags(start)) return undefined;
    } else index = ++this.#groups;

    const of = this.#choice();
    if (!this.eat(")")) this.fail("( is never closed", start);
    this.#flags = outer;
    return index === undefined ? of : { kind: "group", of, index };
  }

  #lookBehind(): boolean {
    return this.peek("?<=") || this.peek("?<!");
  }

  #groupName(start: number): void {
    const name = /^\w+(?=>)/.exec(this.pattern.slice(this.at))?.[0];
    if (name === undefined) this.fail("a group's name is letters, digits and _, then >", start);
    if (this.#names.has(name)) this.fail(`two groups are named ${name}`, start);
    this.#names.add(name);
    this.at += name.length + 1;
  }

  /** `(?i)` holds to the end of the enclosing group (false); `(?i:` and `(?:` open a group (true). */
  #setFlags(start: number): boolean {
    const written = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.pattern.slice(this.at));
    if (!written || written[0] === ")")
      this.fail("look-around, atomic groups and this kind of group are not RE2", start);
    const [all, on = "", off = "", end] = written;
    this.at += all.length;
    const has = (flag: string, now: boolean): boolean =>
      (now || on.includes(flag)) && !off.includes(flag);
    this.#flags = {
      ignoreCase: has("i", this.#flags.ignoreCase),
      multiLine: has("m", this.#flags.multiLine),
      dotAll: has("s", this.#flags.dotAll),
      ungreedy: has("U", this.#flags.ungreedy),
    };
    return end === ":";
  }

  #repeated(of: Node): Node {
    const start = this.at;
    const bounds = this.#bounds();
    if (!bounds) return of;
    const lazy = this.eat("?");
    if (this.peek("*") || this.peek("+") || this.peek("?") || this.#repeatHere())
      this.fail("a repetition cannot be repeated without a group", start);
    const node: Node = { kind: "repeat", of, ...bounds, greedy: lazy === this.#flags.ungreedy };
    if (counted(node) > maxRepeat) this.fail(`repetitions come to more than ${maxRepeat}`, start);
    return node;
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    if (this.eat("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.eat("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.eat("?")) return { min: 0, max: 1 };
    const written = this.#repeatHere();
    if (!written) return undefined;
    const [all, first = "", comma, second = ""] = written;
    const min = Number(first);
    const open = comma !== undefined && second === "";
    const max = comma === undefined ? min : Number(second);
    if (min > maxRepeat || (!open && (max > maxRepeat || max < min)))
      this.fail(`expected {n}, {n,} or {n,m} with n ≤ m ≤ ${maxRepeat}`);
    this.at += all.length;
    return { min, max: open ? Number.POSITIVE_INFINITY : max };
  }

  /** `{2}`, `{2,}`, `{2,5}` here. Any other `{` is a character like others. */
  #repeatHere(): RegExpExecArray | null {
    if (!this.peek("{")) return null;
    return /^\{(\d{1,6})(?:(,)(\d{0,6}))?\}/.exec(this.pattern.slice(this.at));
  }
}

function assert(what: Assertion): Node {
  return { kind: "assert", what };
}

/** How often the innermost thing may be written out: counted repetitions multiply. */
function counted(node: Node): number {
  switch (node.kind) {
    case "repeat": {
      const times = Number.isFinite(node.max) ? node.max : node.min;
      return Math.max(1, times) * counted(node.of);
    }
    case "group":
      return counted(node.of);
    case "sequence":
    case "choice":
      return Math.max(...node.of.map(counted));
    default:
      return 1;
  }
}
