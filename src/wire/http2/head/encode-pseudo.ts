/** Pseudo-fields whose values are texts, and those that the static table has whole. */
import type { Buffer } from "node:buffer";
import type { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { hashOf } from "#wire/http1/field-name.ts";

/** Places in the static table (RFC 7541 appendix A). */
export const STATIC = {
  authority: 1,
  methodGet: 2,
  methodPost: 3,
  pathRoot: 4,
  schemeHttp: 6,
  schemeHttps: 7,
  status200: 8,
} as const;

const STATUS_INDEX = new Map<number, number>([
  [200, 8],
  [204, 9],
  [206, 10],
  [304, 11],
  [400, 12],
  [404, 13],
  [500, 14],
]);

const scratch = new ByteWriter(1_024);

/** A pseudo-field whose name the static table has at `nameIndex`. */
export function encodePseudoText(
  out: ByteWriter,
  hpack: HpackEncoder,
  nameIndex: number,
  value: string,
): void {
  scratch.clear();
  scratch.text(value);
  hpack.pseudoField(out, nameIndex, scratch.bytes, 0, value.length);
}

/** A pseudo-field that the static table does not have; the name with its colon. */
export function encodeOtherPseudo(
  out: ByteWriter,
  hpack: HpackEncoder,
  name: string,
  value: string,
): void {
  scratch.clear();
  scratch.text(name);
  scratch.text(value);
  hpack.field(out, scratch.bytes, 0, name.length, name.length, value.length, hashOf(name), false);
}

export function encodePath(
  out: ByteWriter,
  hpack: HpackEncoder,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (end - start === 1 && bytes[start] === 47) hpack.staticField(out, STATIC.pathRoot);
  else hpack.pseudoField(out, STATIC.pathRoot, bytes, start, end - start);
}

export function encodeStatus(out: ByteWriter, hpack: HpackEncoder, status: number): void {
  const index = STATUS_INDEX.get(status);
  if (index === undefined) encodePseudoText(out, hpack, STATIC.status200, String(status));
  else hpack.staticField(out, index);
}
