import type { CharClass } from "./char-class.ts";
import { parsePattern } from "./parse.ts";
import { RegexError } from "./regex-error.ts";
import type { Assertion, Node } from "./syntax.ts";

/** One step of Thompson's machine. `next` and the like are positions in the program. */
export type Instruction =
  | { readonly op: "class"; readonly chars: CharClass; readonly next: number }
  /** Both ways; `first` is preferred. */
  | { readonly op: "split"; first: number; second: number }
  | { readonly op: "assert"; readonly what: Assertion; readonly next: number }
  /** Remembers the position: slot 2n is where group n begins, 2n+1 where it ends. */
  | { readonly op: "save"; readonly slot: number; readonly next: number }
  | { readonly op: "match" };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** Capturing groups, not counting the whole match. */
  readonly groups: number;
  readonly hasAssertions: boolean;
}

/** Each character costs at most this many steps, however hostile pattern and input are. */
const maxInstructions = 5000;

/** Throws RegexError when the pattern is not RE2, or too large. */
export function compileProgram(pattern: string): Program {
  const { root, groups } = parsePattern(pattern);
  const compiler = new Compiler(pattern);
  const match = compiler.add({ op: "match" });
  const start = compiler.compile(root, match);
  const { instructions } = compiler;
  const hasAssertions = instructions.some(({ op }) => op === "assert");
  return { instructions, start, groups, hasAssertions };
}

class Compiler {
  readonly instructions: Instruction[] = [];
  readonly #pattern: string;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  add(instruction: Instruction): number {
    if (this.instructions.length >= maxInstructions)
      throw new RegexError(
        `the pattern ${JSON.stringify(this.#pattern)} is too large: it needs more than ${maxInstructions} steps`,
        0,
      );
    return this.instructions.push(instruction) - 1;
  }

  /** Written from the end: the position that runs `node` and goes on at `next`. */
  compile(node: Node, next: number): number {
    switch (node.kind) {
      case "empty":
        return next;
      case "class":
        return this.add({ op: "class", chars: node.chars, next });
      case "assert":
        return this.add({ op: "assert", what: node.what, next });
      case "sequence":
        return node.of.reduceRight((after, part) => this.compile(part, after), next);
      case "choice":
        return node.of
          .map((branch) => this.compile(branch, next))
          .reduceRight((second, first) => this.add({ op: "split", first, second }));
      case "group": {
        const end = this.add({ op: "save", slot: 2 * node.index + 1, next });
        return this.add({ op: "save", slot: 2 * node.index, next: this.compile(node.of, end) });
      }
      case "repeat":
        return this.#repeat(node, next);
    }
  }

  #repeat({ of, min, max, greedy }: Node & { readonly kind: "repeat" }, next: number): number {
    let entry = next;
    if (Number.isFinite(max))
      for (let i = min; i < max; i++) entry = this.#split(this.compile(of, entry), next, greedy);
    else if (min === 0) return this.#split(this.#oneOrMore(of, greedy, next), next, greedy);
    else entry = this.#oneOrMore(of, greedy, next);

    const written = Number.isFinite(max) ? 0 : 1;
    for (let i = written; i < min; i++) entry = this.compile(of, entry);
    return entry;
  }

  /** The body, then the choice to run it again. A body that matched nothing is not tried a second time, as in RE2. */
  #oneOrMore(of: Node, greedy: boolean, next: number): number {
    const again = this.add({ op: "split", first: next, second: next });
    const body = this.compile(of, again);
    const [first, second] = greedy ? [body, next] : [next, body];
    this.instructions[again] = { op: "split", first, second };
    return body;
  }

  #split(body: number, skip: number, greedy: boolean): number {
    const [first, second] = greedy ? [body, skip] : [skip, body];
    return this.add({ op: "split", first, second });
  }
}
