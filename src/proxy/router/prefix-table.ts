import { firstOfPath, type PathRule } from "./path-rule.ts";
import type { RequestFacts } from "./request-facts.ts";

// FNV-1a, 32 bits: RFC 9923, section 5.
const OFFSET_BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/**
 * Finds rules by the prefixes that a path begins with, at the cost of one pass over the path, however many prefixes there
 * are: each character adds to a hash, which is looked up wherever some prefix ends. Nothing is allocated for it, and what a
 * look-up touches is little: with thousands of prefixes that is what it costs.
 */
export class PrefixTable<R extends PathRule<R>> {
  /** For each length 1 when a prefix has it; ends with the longest. */
  readonly #isLength: Uint8Array;
  /** Open addressing, two numbers a slot: the hash, and 1 + the place in the lists; 0: the slot is free. */
  readonly #slots: Int32Array;
  /** A power of two less one. */
  readonly #mask: number;
  readonly #prefixes: readonly string[];
  readonly #rules: readonly R[];

  /** First rule of each prefix. */
  constructor(chains: ReadonlyMap<string, R>) {
    this.#prefixes = [...chains.keys()];
    this.#rules = [...chains.values()];
    const longest = this.#prefixes.reduce((most, { length }) => Math.max(most, length), -1);
    this.#isLength = new Uint8Array(longest + 1);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, chains.size) * 2));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots * 2);
    for (const [at, prefix] of this.#prefixes.entries()) this.#insert(prefix, at);
  }

  #insert(prefix: string, at: number): void {
    this.#isLength[prefix.length] = 1;
    let hash = OFFSET_BASIS;
    for (let i = 0; i < prefix.length; i++) hash = Math.imul(hash ^ prefix.charCodeAt(i), PRIME);
    let slot = slotOf(hash) & this.#mask;
    while (this.#slots[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = hash;
    this.#slots[slot * 2 + 1] = at + 1;
  }

  /** The first rule that holds and whose prefix `path` begins with, when it comes before `best`. */
  find(path: string, facts: RequestFacts, best: R | undefined): R | undefined {
    const isLength = this.#isLength;
    const end = Math.min(path.length + 1, isLength.length);
    let found = best;
    let hash = OFFSET_BASIS;
    for (let length = 0; length < end; length++) {
      if (isLength[length] === 1) {
        const rule = this.#ofPrefix(hash, path, length);
        if (rule !== undefined) found = firstOfPath(rule, facts, found);
      }
      hash = Math.imul(hash ^ path.charCodeAt(length), PRIME);
    }
    return found;
  }

  /** The first rule of the prefix of `path` that has this length and this hash. */
  #ofPrefix(hash: number, path: string, length: number): R | undefined {
    const slots = this.#slots;
    for (let slot = slotOf(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slots[slot * 2 + 1] as number;
      if (at === 0) return undefined;
      if (slots[slot * 2] !== hash) continue;
      const prefix = this.#prefixes[at - 1] as string;
      if (prefix.length === length && path.startsWith(prefix)) return this.#rules[at - 1];
    }
  }
}

/** The low bits of the hash know less of the first characters than the high ones. */
const slotOf = (hash: number): number => hash ^ (hash >>> 15);
