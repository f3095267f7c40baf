/**
 * Makes one object of values that are equal: thousands of routes have few policies and few destinations, and what they share
 * stays at hand. Values must not be changed. What was seen last is known, up to `max` values.
 */
export class Interned<T> {
  readonly #known = new Map<string, T>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** The value of that key, which says all about it; `make` is called when it is not known. */
  of(key: string, make: () => T): T {
    const equal = this.#known.get(key);
    if (equal !== undefined) return equal;
    if (this.#known.size >= this.#max) this.#known.clear();
    const value = make();
    this.#known.set(key, value);
    return value;
  }
}
