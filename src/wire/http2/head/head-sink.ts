import type { Buffer } from "node:buffer";
import { FLAG, NAME_FLAGS } from "#wire/hpack/field-flags.ts";
import type { LineSink } from "#wire/hpack/hpack-decoder.ts";
import { KNOWN } from "#wire/http1/head.ts";
import { Http2Error, type Http2Reason } from "../http2-error.ts";
import type { DecodeHeadOptions } from "./dialect.ts";
import { FRONT, LINES_CAP } from "./head-lines.ts";
import { type BlockKind, HeadParts } from "./head-parts.ts";
import { isSaid, knownFieldFault, trailerFault } from "./known-fields.ts";
import { takePseudoField } from "./pseudo-fields.ts";

/** What a head may take by names and values: the rest of what 16-bit offsets reach is for what is put between them. */
export const DECODED_BYTES_CAP = 65_279;
/** After a head has failed, this many bytes are still put together for the tables before the connection is given up. */
const MAX_WASTED_BYTES = 4 * 65_536;

/** Flags of fields that are more than a line to keep. Of known names, only Expect is just that. */
const ODD_IN_STANDARD =
  (NAME_FLAGS & ~KNOWN.expect) | FLAG.badValue | FLAG.edgeSpace | FLAG.sensitive;
const ODD_IN_WEFT = ODD_IN_STANDARD & ~(FLAG.upperName | FLAG.cookie);
/** The name of a trailer is looked at whatever it is. */
const ODD_IN_TRAILERS = -1;

/**
 * Takes the fields of one header block, puts them together as a head in HTTP/1 form, and finds what makes it malformed
 * (RFC 9113 §8). The first fault is kept; after it nothing else is, but the block is decoded to its end.
 */
export class HeadSink extends HeadParts implements LineSink {
  fault: Http2Reason | undefined;
  #odd = 0;
  #maxBytes = 0;
  #maxFields = 0;
  #decodedBytes = 0;
  #wastedBytes = 0;
  /** Fields that came, pseudo-fields not counted. */
  #fields = 0;

  begin(kind: BlockKind, to: DecodeHeadOptions): void {
    this.clearParts(kind, to);
    this.fault = undefined;
    this.#odd = this.isWeft ? ODD_IN_WEFT : ODD_IN_STANDARD;
    if (kind === "trailers") this.#odd = ODD_IN_TRAILERS;
    this.#maxBytes = Math.min(to.limits.maxBytes, DECODED_BYTES_CAP);
    this.#maxFields = Math.min(to.limits.maxFields, LINES_CAP - 3);
    this.#decodedBytes = 0;
    this.#wastedBytes = 0;
    this.#fields = 0;
  }

  onLine(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): void {
    if (this.fault !== undefined) {
      if (bytes === this.bytes) this.#waste(nameLength + valueLength);
      return;
    }
    this.#decodedBytes += nameLength + valueLength + 4;
    if (this.#decodedBytes > this.#maxBytes) this.#fail("head-too-large");
    else if ((flags & FLAG.pseudo) !== 0) {
      const valueStart = start + nameLength + 2;
      if (this.#fields > 0) this.#fail("late-pseudo-field");
      else this.#fail(takePseudoField(this, bytes, valueStart, valueLength, flags));
    } else if (this.#fields++ >= this.#maxFields) this.#fail("too-many-fields");
    else if (this.#odd !== ODD_IN_TRAILERS && (flags & this.#odd) === 0)
      this.addLine(bytes, start, nameLength, valueLength, hash, flags);
    else this.#fail(this.#takeOdd(bytes, start, nameLength, valueLength, hash, flags));
  }

  #fail(reason: Http2Reason | undefined): void {
    if (reason === undefined) return;
    this.fault = reason;
    this.at = FRONT;
  }

  #waste(bytes: number): void {
    this.#wastedBytes += bytes;
    // Short references to long names: the tables are kept right, but not at any price.
    if (this.#wastedBytes > MAX_WASTED_BYTES) throw new Http2Error("header-block-too-large");
  }

  #takeOdd(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): Http2Reason | undefined {
    if ((flags & FLAG.badValue) !== 0) return "bad-field-value";
    if ((flags & FLAG.badName) !== 0) return "bad-field-name";
    if ((flags & FLAG.upperName) !== 0 && !this.isWeft) return "upper-case-field-name";
    if ((flags & FLAG.sensitive) !== 0) this.sensitive |= 1 << (hash & 31);
    if ((flags & FLAG.rawLine) !== 0)
      return this.#takeRawLine(bytes, start, nameLength, valueLength, hash, flags);
    if ((flags & FLAG.edgeSpace) !== 0) return "bad-field-value";
    const bit = flags & FLAG.known;
    const valueStart = start + nameLength + 2;
    const fault = this.#faultOf(bytes, start, nameLength, valueStart, valueLength, bit);
    if (fault !== undefined) return fault;
    if (isSaid(this, bit)) return undefined;
    if ((flags & FLAG.cookie) !== 0 && !this.isWeft && this.kind === "request")
      this.addCrumb(bytes, start, nameLength, valueLength);
    else this.addLine(bytes, start, nameLength, valueLength, hash, flags);
    return undefined;
  }

  /** A line of Weft's dialect whose white space is not one space behind the colon. */
  #takeRawLine(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueLength: number,
    hash: number,
    flags: number,
  ): Http2Reason | undefined {
    if (!this.isWeft) return "bad-field-name";
    const valueStart = start + nameLength + 2;
    let from = valueStart;
    let to = valueStart + valueLength;
    while (from < to && (bytes[from] === 32 || bytes[from] === 9)) from++;
    while (from < to && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--;
    const fault = this.#faultOf(bytes, start, nameLength - 1, from, to - from, flags & FLAG.known);
    if (fault !== undefined) return fault;
    const leading = from - valueStart;
    this.addRawLine(bytes, start, nameLength, valueLength, leading, to - from, hash, flags);
    return undefined;
  }

  #faultOf(
    bytes: Buffer,
    start: number,
    nameLength: number,
    valueStart: number,
    valueLength: number,
    bit: number,
  ): Http2Reason | undefined {
    if (this.kind === "trailers") return trailerFault(bytes, start, nameLength, bit);
    return bit === 0 ? undefined : knownFieldFault(this, bytes, valueStart, valueLength, bit);
  }
}

/** One for all connections: decoding is synchronous. */
export const headSink: HeadSink = new HeadSink();
