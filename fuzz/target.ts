/** A decoder under random bytes. */
export interface FuzzTarget {
  /** Also the name of its folder in `corpus/`. */
  readonly name: string;
  /** Bytes and words that reach further than noise. */
  readonly dictionary: readonly string[];
  /** Throws when the decoder did anything but return a value or throw its own error. */
  run(bytes: Buffer): void;
}

/** Throws unless both are the same text. */
export function mustEqual(actual: string, expected: string, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} is not ${expected}`);
}
