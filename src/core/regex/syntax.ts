import type { CharClass } from "./char-class.ts";

/** A pattern as a tree. Flags are already applied: classes are folded, `^` and `$` say which kind they are. */
export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "class"; readonly chars: CharClass }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "sequence"; readonly of: readonly Node[] }
  | { readonly kind: "choice"; readonly of: readonly Node[] }
  | {
      readonly kind: "repeat";
      readonly of: Node;
      readonly min: number;
      /** `Infinity`: any number. */
      readonly max: number;
      readonly greedy: boolean;
    }
  /** A capturing group; the whole match is group 0. */
  | { readonly kind: "group"; readonly of: Node; readonly index: number };

export type Assertion =
  | "text-start"
  | "text-end"
  | "line-start"
  | "line-end"
  | "word-boundary"
  | "not-word-boundary";
