import { includes } from "./char-class.ts";
import { scalarAt } from "./full-match.ts";
import type { Program } from "./program.ts";
import { holds, type Neighbour, neighbourOf } from "./surroundings.ts";

/** Begin and end of the whole match and of each group; -1 where a group took no part. */
export type Captures = readonly number[];

interface Thread {
  readonly position: number;
  readonly captures: Captures;
}

/**
 * Leftmost match at or after `from`, preferring as Perl does, with the groups' positions: all threads advance
 * together, one character at a time (Pike's machine), so one search is linear in the input.
 */
export function search(program: Program, input: string, from: number): Captures | undefined {
  const { instructions } = program;
  let found: Captures | undefined;
  let threads: Thread[] = [];
  const blank = Array.from({ length: 2 * program.groups + 2 }, () => -1);

  for (let at = from; at <= input.length; ) {
    const codePoint = at < input.length ? scalarAt(input, at) : undefined;
    const before = neighbourOf(at === 0 ? undefined : scalarBefore(input, at));
    const closure = new Closure(program, before, neighbourOf(codePoint), at);
    for (const thread of threads) closure.add(thread.position, thread.captures);
    if (!found) closure.add(program.start, [at, ...blank.slice(1)]);

    threads = [];
    for (const { position, captures } of closure.threads) {
      const instruction = instructions[position];
      if (instruction?.op === "match") {
        found = [captures[0] ?? -1, at, ...captures.slice(2)];
        break; // threads after this one are less preferred
      }
      if (
        instruction?.op === "class" &&
        codePoint !== undefined &&
        includes(instruction.chars, codePoint)
      )
        threads.push({ position: instruction.next, captures });
    }
    if (codePoint === undefined || (found && threads.length === 0)) break;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return found;
}

/** Threads at one place of the input, in order of preference. */
class Closure {
  readonly threads: Thread[] = [];
  readonly #program: Program;
  readonly #before: Neighbour;
  readonly #after: Neighbour;
  readonly #at: number;
  readonly #visited: Uint8Array;

  constructor(program: Program, before: Neighbour, after: Neighbour, at: number) {
    this.#program = program;
    this.#before = before;
    this.#after = after;
    this.#at = at;
    this.#visited = new Uint8Array(program.instructions.length);
  }

  add(start: number, captures: Captures): void {
    const stack: Thread[] = [{ position: start, captures }];
    for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
      const { position } = thread;
      if (this.#visited[position] === 1) continue;
      this.#visited[position] = 1;
      const instruction = this.#program.instructions[position];
      if (instruction?.op === "split") {
        stack.push({ ...thread, position: instruction.second });
        stack.push({ ...thread, position: instruction.first });
      } else if (instruction?.op === "save") {
        const saved = thread.captures.with(instruction.slot, this.#at);
        stack.push({ position: instruction.next, captures: saved });
      } else if (instruction?.op === "assert") {
        if (holds(instruction.what, this.#before, this.#after))
          stack.push({ ...thread, position: instruction.next });
      } else this.threads.push(thread);
    }
  }
}

function scalarBefore(input: string, at: number): number {
  const low = input.charCodeAt(at - 1);
  const paired = low >= 0xdc00 && low <= 0xdfff && at >= 2;
  const codePoint = paired ? (input.codePointAt(at - 2) ?? low) : low;
  return codePoint > 0xffff ? codePoint : low;
}
