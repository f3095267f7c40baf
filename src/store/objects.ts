import type { Resource } from "#resources/resource.ts";

/** The objects of one kind by path, and their order, which is made when a list first asks and kept from then on. */
export class Objects {
  readonly #byPath: Map<string, Resource>;
  #order: string[] | undefined;

  constructor(entries: Iterable<readonly [string, Resource]> = []) {
    this.#byPath = new Map(entries);
  }

  get(path: string): Resource | undefined {
    return this.#byPath.get(path);
  }

  put(path: string, object: Resource): void {
    if (this.#order && !this.#byPath.has(path)) this.#order.splice(this.#place(path), 0, path);
    this.#byPath.set(path, object);
  }

  remove(path: string): void {
    if (this.#byPath.delete(path)) this.#order?.splice(this.#place(path), 1);
  }

  copy(): Objects {
    return new Objects(this.#byPath);
  }

  /** Paths in order that come after `after` and begin with `prefix`. */
  paths(prefix: string, after: string | undefined): readonly string[] {
    this.#order ??= [...this.#byPath.keys()].sort();
    const order = this.#order;
    const start = firstAt(order, (path) =>
      after === undefined ? path >= prefix : path > after && path >= prefix,
    );
    if (prefix === "") return order.slice(start);
    const end = firstAt(order, (path) => path > prefix && !path.startsWith(prefix));
    return order.slice(start, end);
  }

  #place(path: string): number {
    return firstAt(this.#order ?? [], (other) => other >= path);
  }
}

/** The first index where an ordered predicate (false … true) holds. */
function firstAt(sorted: readonly string[], holds: (path: string) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle] ?? "")) high = middle;
    else low = middle + 1;
  }
  return low;
}
