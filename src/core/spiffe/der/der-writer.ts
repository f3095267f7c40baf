import { TAG } from "./der-reader.ts";

/** One DER element from its content; the pieces are joined in order. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, piece) => sum + piece.length, 0);
  const head = [tag, ...lengthOctets(size)];
  const out = new Uint8Array(head.length + size);
  out.set(head);
  let at = head.length;
  for (const piece of content) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

function lengthOctets(size: number): number[] {
  if (size < 0x80) return [size];
  const octets: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

export const derSequence = (...fields: readonly Uint8Array[]): Uint8Array =>
  der(TAG.sequence, ...fields);

export const derOctetString = (content: Uint8Array): Uint8Array => der(TAG.octetString, content);

/** A BIT STRING of whole octets. */
export const derBits = (content: Uint8Array): Uint8Array =>
  der(TAG.bitString, Uint8Array.of(0), content);

export const derBoolean = (value: boolean): Uint8Array =>
  der(TAG.boolean, Uint8Array.of(value ? 0xff : 0));

/** A non-negative INTEGER from its big-endian octets; leading zeros are dropped. */
export function derUnsigned(magnitude: Uint8Array): Uint8Array {
  const start = magnitude.findIndex((octet) => octet !== 0);
  const octets = start < 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  const sign = (octets[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return der(TAG.integer, sign, octets);
}

export const derSmallInteger = (value: number): Uint8Array =>
  derUnsigned(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));

/** An OBJECT IDENTIFIER from its dotted form. */
export function derOid(dotted: string): Uint8Array {
  const [root = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets = [root * 40 + second, ...rest].flatMap(arcOctets);
  return der(TAG.oid, Uint8Array.from(octets));
}

function arcOctets(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift(0x80 | (rest % 128));
  return octets;
}
