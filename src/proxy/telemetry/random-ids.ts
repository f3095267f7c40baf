import { Buffer } from "node:buffer";
import { latin1Slice } from "#wire/http1/latin1.ts";

/** Fills the array with random bytes; `crypto.getRandomValues` in production. */
export type FillRandom = (bytes: Uint8Array) => void;

/** A part of `RequestIds.lines`. */
export interface IdPart {
  readonly from: number;
  readonly to: number;
}

const TRACE_NAME = "traceparent: ";
const REQUEST_NAME = "x-request-id: ";
const TRACE_TEXT = "00-00000000000000000000000000000000-0000000000000000-00";
const REQUEST_TEXT = "00000000-0000-4000-8000-000000000000";
const TEMPLATE = `${TRACE_NAME}${TRACE_TEXT}\r\n${REQUEST_NAME}${REQUEST_TEXT}\r\n`;
const TRACE_AT = TRACE_NAME.length;
const TRACE_LINE_LENGTH = TRACE_AT + TRACE_TEXT.length + 2;
const REQUEST_AT = TRACE_LINE_LENGTH + REQUEST_NAME.length;
const FLAG_AT = TRACE_AT + TRACE_TEXT.length - 1;

export const ID_PARTS = {
  bothLines: { from: 0, to: TEMPLATE.length },
  traceparentLine: { from: 0, to: TRACE_LINE_LENGTH },
  traceparent: { from: TRACE_AT, to: TRACE_AT + TRACE_TEXT.length },
  requestIdLine: { from: TRACE_LINE_LENGTH, to: TEMPLATE.length },
  requestId: { from: REQUEST_AT, to: REQUEST_AT + REQUEST_TEXT.length },
} as const satisfies Readonly<Record<string, IdPart>>;

/**
 * The ids that one request gets here: two header lines, `traceparent` (W3C Trace Context, version 00: a new trace whose
 * parent is this proxy) and `x-request-id` (a UUID of version 4). Octets, since they are only copied; used again for the
 * next request. The flags say which of them are used: those that the caller did not send.
 */
export class RequestIds {
  readonly lines: Buffer = Buffer.from(TEMPLATE, "latin1");
  makesTraceparent = false;
  makesRequestId = false;

  text({ from, to }: IdPart): string {
    return latin1Slice(this.lines, from, to);
  }
}

/** 16 of the trace, 8 of the span, 16 of the UUID. */
const BYTES_EACH = 40;
const REQUESTS_PER_FILL = 64;
const DIGITS = Buffer.from("0123456789abcdef", "latin1");
/** Where the two digits of each random octet go. */
const PLACES = placesOf();
/** The octets of the UUID that hold its version and its variant. */
const VERSION = 30;
const VARIANT = 32;

export class RandomIds {
  readonly #fill: FillRandom;
  readonly #random = new Uint8Array(REQUESTS_PER_FILL * BYTES_EACH);
  #at = REQUESTS_PER_FILL * BYTES_EACH;

  constructor(fill: FillRandom) {
    this.#fill = fill;
  }

  /** Writes new ids over those of the request before. */
  renew({ lines }: RequestIds, sampled: boolean): void {
    const random = this.#random;
    if (this.#at >= random.length) {
      this.#fill(random);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += BYTES_EACH;
    for (let i = 0; i < BYTES_EACH; i++) {
      let octet = random[from + i] as number;
      if (i === VERSION) octet = (octet & 0x0f) | 0x40;
      else if (i === VARIANT) octet = (octet & 0x3f) | 0x80;
      const place = PLACES[i] as number;
      lines[place] = DIGITS[octet >> 4] as number;
      lines[place + 1] = DIGITS[octet & 15] as number;
    }
    lines[FLAG_AT] = DIGITS[sampled ? 1 : 0] as number;
  }
}

/** Every other digit of the template, in order: digits come in pairs between its dashes, but for version and flags. */
function placesOf(): Uint8Array {
  const places: number[] = [];
  for (let i = 0; i < 16; i++) places.push(TRACE_AT + 3 + 2 * i);
  for (let i = 0; i < 8; i++) places.push(TRACE_AT + 36 + 2 * i);
  for (let i = 0; i < 36; i += REQUEST_TEXT[i] === "-" ? 1 : 2)
    if (REQUEST_TEXT[i] !== "-") places.push(REQUEST_AT + i);
  return Uint8Array.from(places);
}

/** Where the dashes of a `traceparent` stand: behind version, trace and parent, and behind the flags where more follows. */
const AFTER_VERSION = 2;
const AFTER_TRACE = 35;
const AFTER_PARENT = 52;
const AFTER_FLAGS = 55;
const DASH = 0x2d;
const ZERO = 0x30;
const F = 0x66;

/**
 * Whether a `traceparent` may be passed on (W3C Trace Context §3.2: lower case, neither version ff nor ids of zeros; only
 * later versions than 00 may be longer).
 */
export function isTraceparent(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  const isFirstVersion = bytes[start] === ZERO && bytes[start + 1] === ZERO;
  if (length < AFTER_FLAGS || (bytes[start] === F && bytes[start + 1] === F)) return false;
  if (length > AFTER_FLAGS && (isFirstVersion || bytes[start + AFTER_FLAGS] !== DASH)) return false;
  let trace = 0;
  let parent = 0;
  for (let i = 0; i < AFTER_FLAGS; i++) {
    const byte = bytes[start + i] as number;
    if (i === AFTER_VERSION || i === AFTER_TRACE || i === AFTER_PARENT) {
      if (byte !== DASH) return false;
    } else if (HEX[byte] === 0) return false;
    else if (i < AFTER_TRACE && i > AFTER_VERSION) trace |= byte ^ ZERO;
    else if (i > AFTER_TRACE && i < AFTER_PARENT) parent |= byte ^ ZERO;
  }
  return trace !== 0 && parent !== 0;
}

/** 1 for digits and `a` to `f`. */
const HEX = new Uint8Array(256).map((_, byte) => (DIGITS.includes(byte) ? 1 : 0));
