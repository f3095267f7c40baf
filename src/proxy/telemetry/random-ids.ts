/** Fills the array with random bytes; `crypto.getRandomValues` in production. */
export type FillRandom = (bytes: Uint8Array) => void;

/** Ids for requests, cut from a page of random hex digits: one system call and one conversion for about 100 requests. */
export class RandomIds {
  readonly #fill: FillRandom;
  readonly #bytes = Buffer.alloc(4096);
  #page = "";
  #at = 0;

  constructor(fill: FillRandom) {
    this.#fill = fill;
  }

  /** W3C Trace Context, version 00: a new trace whose parent is this proxy. */
  traceparent(sampled: boolean): string {
    const at = this.#take(48);
    const page = this.#page;
    return `00-${page.slice(at, at + 32)}-${page.slice(at + 32, at + 48)}-${sampled ? "01" : "00"}`;
  }

  /** UUID version 4. */
  requestId(): string {
    const at = this.#take(32);
    const page = this.#page;
    const variant = VARIANT[page.charCodeAt(at + 31) & 3] ?? "8";
    return `${page.slice(at, at + 8)}-${page.slice(at + 8, at + 12)}-4${page.slice(at + 12, at + 15)}-${variant}${page.slice(at + 15, at + 18)}-${page.slice(at + 18, at + 30)}`;
  }

  #take(digits: number): number {
    if (this.#at + digits > this.#page.length) {
      this.#fill(this.#bytes);
      this.#page = this.#bytes.toString("hex");
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += digits;
    return at;
  }
}

const VARIANT = ["8", "9", "a", "b"] as const;

/** A `traceparent` that may be passed on (version 00 is checked whole; later ones by their beginning). */
export function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value) && !NO_TRACE.test(value);
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;
const NO_TRACE = /^..-(?:0{32}-|.{32}-0{16})/;
