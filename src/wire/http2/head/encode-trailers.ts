import type { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import type { TrailerView } from "#wire/http1/encode-head.ts";
import { Fields, KNOWN } from "#wire/http1/head.ts";
import type { Dialect } from "./dialect.ts";
import { encodeFields, encodeText, filter } from "./encode-fields.ts";
import { PER_CONNECTION } from "./field-filter.ts";

const NO_NAMES: readonly string[] = [];
const NOT_IN_TRAILERS =
  PER_CONNECTION | KNOWN.te | KNOWN["transfer-encoding"] | KNOWN.upgrade | KNOWN["content-length"];

/** Encodes the header block that ends a stream. Values are latin1 without control characters, as decoders give them. */
export function encodeTrailers(
  out: ByteWriter,
  hpack: HpackEncoder,
  trailers: TrailerView,
  dialect: Dialect,
): void {
  hpack.begin(out, dialect === "weft");
  if (trailers instanceof Fields) {
    filter.begin(trailers, NOT_IN_TRAILERS, NO_NAMES, false);
    encodeFields(out, hpack, trailers, 0, undefined, false);
    return;
  }
  filter.beginLocal(NOT_IN_TRAILERS);
  for (let i = 0; i < trailers.fieldCount; i++)
    encodeText(out, hpack, trailers.fieldName(i), trailers.fieldValue(i));
}
