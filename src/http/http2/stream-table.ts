import type { Http2Stream } from "./stream.ts";

const FEWEST_SLOTS = 16;

/**
 * The streams of a connection by their numbers. A `Map` would do but for memory: an emptied place of it keeps what it held
 * until the Map grows into new storage, and the old storage keeps the new one alive, so that a collection of young objects
 * frees nothing that ever was in it. Numbers count up, so the next free slot is mostly the right one.
 *
 * Linear probing with deletion by shifting back (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R).
 */
export class StreamTable {
  /** A power of two, at most half of it in use. */
  #slots: (Http2Stream | undefined)[] = emptySlots(FEWEST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = (id >>> 1) & mask; ; at = (at + 1) & mask) {
      const stream = slots[at];
      if (stream === undefined || stream.id === id) return stream;
    }
  }

  /** Its number must be new. */
  add(stream: Http2Stream): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#size++;
    place(this.#slots, stream);
  }

  delete(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = (id >>> 1) & mask;
    for (; slots[hole]?.id !== id; hole = (hole + 1) & mask) if (slots[hole] === undefined) return;
    this.#size--;
    for (let at = hole; ; ) {
      at = (at + 1) & mask;
      const stream = slots[at];
      if (stream === undefined) break;
      const home = (stream.id >>> 1) & mask;
      // It may move back only to a place that is not before its home.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = stream;
      hole = at;
    }
    slots[hole] = undefined;
  }

  clear(): void {
    this.#slots = emptySlots(FEWEST_SLOTS);
    this.#size = 0;
  }

  /** A copy: streams may end while it is gone through. In no order. */
  values(): Http2Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  #grow(): void {
    const wider = emptySlots(this.#slots.length * 2);
    for (const stream of this.#slots) if (stream !== undefined) place(wider, stream);
    this.#slots = wider;
  }
}

function emptySlots(count: number): (Http2Stream | undefined)[] {
  return new Array<Http2Stream | undefined>(count).fill(undefined);
}

function place(slots: (Http2Stream | undefined)[], stream: Http2Stream): void {
  const mask = slots.length - 1;
  let at = (stream.id >>> 1) & mask;
  while (slots[at] !== undefined) at = (at + 1) & mask;
  slots[at] = stream;
}
