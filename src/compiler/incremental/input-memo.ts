/** Enough for the namespaces that see one service differently; past it, results are only computed again. */
const rememberedPerSubject = 8;

interface Entry<Result> {
  readonly inputs: readonly unknown[];
  readonly result: Result;
}

/** Results of the last few different inputs of one subject, compared by identity: clients that agree share one result. */
export class InputMemo<Result> {
  readonly #remembered: number;
  /** Weak: what was compiled from an object goes when the object goes. */
  readonly #bySubject = new WeakMap<object, Entry<Result>[]>();

  constructor(remembered = rememberedPerSubject) {
    this.#remembered = remembered;
  }

  /** The result for these inputs, computed only when none of the remembered ones is for the same. */
  get(subject: object, inputs: readonly unknown[], compute: () => Result): Result {
    const entries = this.#bySubject.get(subject);
    const known = entries?.find((entry) => isSame(entry.inputs, inputs));
    if (known !== undefined) return known.result;

    const entry = { inputs, result: compute() };
    if (entries === undefined) this.#bySubject.set(subject, [entry]);
    else if (entries.unshift(entry) > this.#remembered) entries.pop();
    return entry.result;
  }
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
