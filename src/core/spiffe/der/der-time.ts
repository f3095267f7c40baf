import { SpiffeError } from "../spiffe-error.ts";
import { type DerReader, TAG } from "./der-reader.ts";
import { der } from "./der-writer.ts";

const DIGITS = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** A UTCTime or GeneralizedTime in the one form that RFC 5280 section 4.1.2.5 allows, as epoch milliseconds. */
export function decodeTime(reader: DerReader): number {
  const { tag, content } = reader.element();
  const text = String.fromCharCode(...content.subarray(0, 16));
  if (tag === TAG.generalizedTime && content.length === 15) {
    if (Number(text.slice(0, 4)) < 2050) throw bad("a year before 2050 in the long form");
    return instant(text);
  }
  if (tag === TAG.utcTime && content.length === 13)
    return instant(`${Number(text.slice(0, 2)) >= 50 ? "19" : "20"}${text}`);
  throw bad("neither UTCTime nor GeneralizedTime with seconds and Z");
}

function instant(text: string): number {
  const match = DIGITS.exec(text);
  if (!match) throw bad(JSON.stringify(text));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries a 31 February over into March; only a true date comes back as it went in.
  if (new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "") !== text) throw bad("no such date");
  return ms;
}

/** UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5); fractions of a second are cut. */
export function encodeTime(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  const long = Number(text.slice(0, 4)) >= 2050;
  const octets = new TextEncoder().encode(long ? text : text.slice(2));
  return der(long ? TAG.generalizedTime : TAG.utcTime, octets);
}

const bad = (what: string): SpiffeError =>
  new SpiffeError("malformed-certificate", `a time that is not of the form X.509 has: ${what}`);
