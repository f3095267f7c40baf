import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackError } from "#wire/hpack/hpack-error.ts";
import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import type { Fields, Http1RequestHead, Http1ResponseHead } from "#wire/http1/head.ts";
import { Http2Error } from "../../http2-error.ts";
import { decodeRequestHead } from "../decode-request-head.ts";
import { type DecodeResponseOptions, decodeResponseHead } from "../decode-response-head.ts";
import { decodeTrailers } from "../decode-trailers.ts";
import type { DecodeHeadOptions } from "../dialect.ts";

export type Field = readonly [name: string, value: string];

export const OPTIONS: DecodeHeadOptions = {
  limits: { maxBytes: 60 * 1024, maxFields: 100 },
  endStream: false,
  dialect: "standard",
  allowsExtendedConnect: false,
};

/** A block of literals that are not kept, whatever names and values are. */
export function blockOf(fields: readonly Field[], form = 0): Buffer {
  const string = (text: string): Buffer => {
    const bytes = Buffer.from(text, "latin1");
    const length: number[] = [];
    if (bytes.length < 127) length.push(bytes.length);
    else {
      length.push(127);
      let rest = bytes.length - 127;
      for (; rest >= 128; rest = Math.floor(rest / 128)) length.push(128 + (rest % 128));
      length.push(rest);
    }
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.of(form), string(name), string(value)]),
  );
}

export function requestOf(
  fields: readonly Field[] | Buffer,
  options: Partial<DecodeHeadOptions> = {},
  hpack: HpackDecoder = new HpackDecoder(),
): Http1RequestHead {
  const block = Buffer.isBuffer(fields) ? fields : blockOf(fields);
  return decodeRequestHead(hpack, block, 0, block.length, { ...OPTIONS, ...options });
}

export function responseOf(
  fields: readonly Field[] | Buffer,
  options: Partial<DecodeResponseOptions> = {},
  hpack: HpackDecoder = new HpackDecoder(),
): Http1ResponseHead {
  const block = Buffer.isBuffer(fields) ? fields : blockOf(fields);
  const to = { ...OPTIONS, method: "GET", ...options };
  return decodeResponseHead(hpack, block, 0, block.length, to);
}

export function trailersOf(
  fields: readonly Field[] | Buffer,
  options: Partial<DecodeHeadOptions> = {},
  hpack: HpackDecoder = new HpackDecoder(),
): Fields {
  const block = Buffer.isBuffer(fields) ? fields : blockOf(fields);
  return decodeTrailers(hpack, block, 0, block.length, { ...OPTIONS, endStream: true, ...options });
}

/** The reason or code of the error that `decode` ends with, "valid" for none. */
export function outcomeOf(decode: () => unknown): string {
  try {
    decode();
    return "valid";
  } catch (cause) {
    if (cause instanceof Http2Error) return cause.reason;
    if (cause instanceof HpackError) return cause.code;
    throw cause;
  }
}

export function linesOf(head: Fields): Field[] {
  return Array.from({ length: head.fieldCount }, (_, i) => [head.fieldName(i), head.fieldValue(i)]);
}

/** What an encoder wrote, as text. */
export function textOf(out: ByteWriter): string {
  return out.view().toString("latin1");
}
