import { corpusOf, mutate, type Random } from "./mutations.ts";
import type { FuzzTarget } from "./target.ts";

/** An input on which a decoder did anything but give a value or its own error. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
  readonly bytes: Buffer;

  constructor(target: string, bytes: Buffer, cause: unknown) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${target} failed on base64 ${bytes.toString("base64")}: ${what}`, { cause });
    this.bytes = bytes;
  }
}

/** Gives the target inputs made of its corpus while `goesOn`, and returns how many. Throws FuzzFailure. */
export function fuzz(
  target: FuzzTarget,
  random: Random,
  goesOn: (runs: number) => boolean,
): number {
  const corpus = [...corpusOf(target.name).values()];
  let runs = 0;
  for (; goesOn(runs); runs++) {
    const seed = corpus[random(corpus.length)] ?? Buffer.alloc(0);
    tryInput(target, mutate(seed, target.dictionary, random));
  }
  return runs;
}

/** Throws FuzzFailure. */
export function tryInput(target: FuzzTarget, bytes: Buffer): void {
  try {
    target.run(bytes);
  } catch (cause) {
    throw new FuzzFailure(target.name, bytes, cause);
  }
}
