import { type Alphabet, alphabetOf } from "./alphabet.ts";
import { includes } from "./char-class.ts";
import type { Program } from "./program.ts";
import { edge, holds, type Neighbour, neighbourOf } from "./surroundings.ts";

/** A state of the automaton: where the machine may be before the next character is known. */
interface State {
  readonly positions: readonly number[];
  readonly before: Neighbour;
  /** By symbol; filled as input needs it. */
  readonly next: (State | undefined)[];
  accepts: boolean | undefined;
}

/** States are thrown away when their tables reach this many entries, and made again: bounded memory. */
const maxTableEntries = 100_000;

/**
 * Whether a whole text fits a program: a deterministic automaton built lazily, so each character costs one table
 * look-up once its transition is known, and one walk of the program before that. No backtracking.
 */
export class FullMatch {
  readonly #program: Program;
  readonly #alphabet: Alphabet;
  readonly #maxStates: number;
  readonly #states = new Map<string, State>();
  #start: State;
  readonly #visited: Uint32Array;
  #visit = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#alphabet = alphabetOf(program);
    this.#maxStates = Math.max(16, Math.floor(maxTableEntries / this.#alphabet.size));
    this.#visited = new Uint32Array(program.instructions.length);
    this.#start = this.#stateOf([program.start], edge);
  }

  test(input: string): boolean {
    const { ascii } = this.#alphabet;
    let state = this.#start;
    for (let i = 0; i < input.length; i++) {
      const unit = input.charCodeAt(i);
      let symbol: number;
      if (unit < 128) symbol = ascii[unit] as number;
      else {
        const codePoint = scalarAt(input, i);
        if (codePoint > 0xffff) i++;
        symbol = this.#alphabet.symbolOf(codePoint);
      }
      state = state.next[symbol] ?? this.#step(state, symbol);
      if (state.positions.length === 0) return false;
    }
    state.accepts ??= this.#accepts(state);
    return state.accepts;
  }

  #step(state: State, symbol: number): State {
    const { instructions } = this.#program;
    const codePoint = this.#alphabet.memberOf(symbol);
    const after = neighbourOf(codePoint);
    const reached = new Set<number>();
    for (const position of this.#closure(state, after)) {
      const instruction = instructions[position];
      if (instruction?.op === "class" && includes(instruction.chars, codePoint))
        reached.add(instruction.next);
    }
    if (this.#states.size >= this.#maxStates) this.#forget();
    const before = this.#program.hasAssertions ? after : edge;
    const next = this.#stateOf(
      [...reached].sort((a, b) => a - b),
      before,
    );
    state.next[symbol] = next;
    return next;
  }

  #accepts(state: State): boolean {
    const { instructions } = this.#program;
    return this.#closure(state, edge).some((position) => instructions[position]?.op === "match");
  }

  /** Every position reachable without consuming a character, when `after` comes next. */
  #closure(state: State, after: Neighbour): readonly number[] {
    const visit = ++this.#visit;
    const reached: number[] = [];
    const stack = [...state.positions];
    for (let position = stack.pop(); position !== undefined; position = stack.pop()) {
      if (this.#visited[position] === visit) continue;
      this.#visited[position] = visit;
      const instruction = this.#program.instructions[position];
      if (instruction?.op === "split") stack.push(instruction.first, instruction.second);
      else if (instruction?.op === "save") stack.push(instruction.next);
      else if (instruction?.op === "assert") {
        if (holds(instruction.what, state.before, after)) stack.push(instruction.next);
      } else reached.push(position);
    }
    return reached;
  }

  #stateOf(positions: readonly number[], before: Neighbour): State {
    const key = `${before}:${positions.join()}`;
    const known = this.#states.get(key);
    if (known) return known;
    const made: State = { positions, before, next: [], accepts: undefined };
    this.#states.set(key, made);
    return made;
  }

  #forget(): void {
    this.#states.clear();
    this.#start = this.#stateOf([this.#program.start], edge);
  }
}

/** The code point at `index`; half of a surrogate pair on its own counts as U+FFFD, as in UTF-8. */
export function scalarAt(input: string, index: number): number {
  const codePoint = input.codePointAt(index) ?? 0;
  return codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
}
