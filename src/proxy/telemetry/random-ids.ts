/** Fills the array with random bytes; `crypto.getRandomValues` in production. */
export type FillRandom = (bytes: Uint8Array) => void;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Ids for requests, made from random bytes that are fetched a page at a time: one system call per 100 requests. */
export class RandomIds {
  readonly #fill: FillRandom;
  readonly #page = new Uint8Array(4096);
  #at = this.#page.length;

  constructor(fill: FillRandom) {
    this.#fill = fill;
  }

  /** W3C Trace Context, version 00: a new trace whose parent is this proxy. */
  traceparent(sampled: boolean): string {
    this.#reserve(24);
    return `00-${this.#hex(16)}-${this.#hex(8)}-${sampled ? "01" : "00"}`;
  }

  /** UUID version 4. */
  requestId(): string {
    this.#reserve(16);
    const page = this.#page;
    const at = this.#at;
    page[at + 6] = ((page[at + 6] ?? 0) & 0x0f) | 0x40;
    page[at + 8] = ((page[at + 8] ?? 0) & 0x3f) | 0x80;
    return `${this.#hex(4)}-${this.#hex(2)}-${this.#hex(2)}-${this.#hex(2)}-${this.#hex(6)}`;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#page.length) return;
    this.#fill(this.#page);
    this.#at = 0;
  }

  #hex(count: number): string {
    let text = "";
    for (const end = this.#at + count; this.#at < end; this.#at++)
      text += HEX[this.#page[this.#at] ?? 0];
    return text;
  }
}

/** A `traceparent` that may be passed on (version 00 is checked whole; later ones by their beginning). */
export function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value) && !NO_TRACE.test(value);
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;
const NO_TRACE = /^..-(?:0{32}-|.{32}-0{16})/;
