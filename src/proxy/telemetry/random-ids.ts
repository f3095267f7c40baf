/** Fills the array with random bytes; `crypto.getRandomValues` in production. */
export type FillRandom = (bytes: Uint8Array) => void;

/**
 * Ids for requests. A page of them is written at once, as the header lines that carry them: a request then costs a few
 * slices of one string instead of a dozen small ones.
 */
export class RandomIds {
  readonly #fill: FillRandom;
  readonly #bytes = Buffer.alloc(PER_PAGE * BYTES_EACH);
  #page = "";
  #at = 0;

  constructor(fill: FillRandom) {
    this.#fill = fill;
  }

  /**
   * The two header lines of one request: `traceparent` (W3C Trace Context, version 00: a new trace whose parent is this
   * proxy) and `x-request-id` (a UUID of version 4).
   */
  next(sampled: boolean): string {
    if (this.#at >= this.#page.length) {
      this.#fill(this.#bytes);
      this.#page = pageOf(this.#bytes.toString("hex"));
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += LINES_LENGTH;
    const lines = this.#page.slice(at, this.#at);
    return sampled ? `${lines.slice(0, FLAGS_AT)}01${lines.slice(FLAGS_AT + 2)}` : lines;
  }
}

/** The parts of what `next` returned. */
export const idLines = {
  traceparent: (lines: string): string => lines.slice(TRACE_NAME.length, TRACE_LINE_LENGTH - 2),
  traceparentLine: (lines: string): string => lines.slice(0, TRACE_LINE_LENGTH),
  requestId: (lines: string): string =>
    lines.slice(TRACE_LINE_LENGTH + REQUEST_NAME.length, LINES_LENGTH - 2),
  requestIdLine: (lines: string): string => lines.slice(TRACE_LINE_LENGTH),
} as const;

const TRACE_NAME = "traceparent: ";
const REQUEST_NAME = "x-request-id: ";
const PER_PAGE = 64;
/** 16 of the trace, 8 of the span, 16 of the UUID. */
const BYTES_EACH = 40;
const TRACE_LINE_LENGTH = TRACE_NAME.length + 55 + 2;
const FLAGS_AT = TRACE_NAME.length + 53;
const LINES_LENGTH = TRACE_LINE_LENGTH + REQUEST_NAME.length + 36 + 2;
const VARIANT = ["8", "9", "a", "b"] as const;

function pageOf(hex: string): string {
  let page = "";
  for (let at = 0; at < hex.length; at += BYTES_EACH * 2) {
    const digits = (from: number, to: number): string => hex.slice(at + from, at + to);
    const variant = VARIANT[hex.charCodeAt(at + 79) & 3] ?? "8";
    page += `${TRACE_NAME}00-${digits(0, 32)}-${digits(32, 48)}-00\r\n`;
    page += `${REQUEST_NAME}${digits(48, 56)}-${digits(56, 60)}-4${digits(60, 63)}-${variant}${digits(63, 66)}-${digits(66, 78)}\r\n`;
  }
  return Buffer.from(page, "latin1").toString("latin1"); // one flat string: slices of it copy nothing
}

/** A `traceparent` that may be passed on (version 00 is checked whole; later ones by their beginning). */
export function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value) && !NO_TRACE.test(value);
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;
const NO_TRACE = /^..-(?:0{32}-|.{32}-0{16})/;
