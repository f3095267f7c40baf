/** Where something stands in a roster. */
export interface Place<T> {
  readonly value: T;
  /** Nobody else's business; -1 when it was removed. */
  index: number;
}

/**
 * What is open now, in no order. A `Set` would do but for memory: it keeps what was deleted until it grows into new
 * storage, and the old storage keeps the new one alive, so that a collection of young objects frees nothing that ever
 * was in it.
 */
export class Roster<T> {
  readonly #places: Place<T>[] = [];

  get size(): number {
    return this.#places.length;
  }

  add(value: T): Place<T> {
    const place = { value, index: this.#places.length };
    this.#places.push(place);
    return place;
  }

  /** False when it was removed before. */
  remove(place: Place<T>): boolean {
    const { index } = place;
    if (index < 0) return false;
    const last = this.#places.pop() as Place<T>;
    if (last !== place) {
      this.#places[index] = last;
      last.index = index;
    }
    place.index = -1;
    return true;
  }

  /** A copy: members may leave while it is gone through. */
  values(): T[] {
    return this.#places.map(({ value }) => value);
  }
}
