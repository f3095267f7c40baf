/**
 * Cuts a body out of a byte stream without copying. One decoder per connection, reset per message.
 *
 *   length       remaining > 0 ── data ──▶ remaining = 0 ▶ end
 *   chunked      size line ▶ data ▶ CRLF ▶ size line … ▶ size 0 ▶ trailers ▶ end
 *   until-close  data … until the owner calls `finish`
 */
import { Buffer } from "node:buffer";
import { sliceOf } from "../byte-range.ts";
import { found, readFieldBlock, VALUE_BYTE } from "./field-block.ts";
import type { BodyKind, Fields } from "./head.ts";
import { type Fault, Http1Error } from "./http1-error.ts";
import { takeTrailers } from "./request-head.ts";
import { isForbiddenTrailer } from "./trailers.ts";

export interface BodyLimits {
  /** Of one chunk's size line with its extensions. */
  readonly maxChunkLineBytes: number;
  readonly maxTrailerBytes: number;
  readonly maxTrailers: number;
  /**
   * One read brings tens of thousands of the smallest: what is past it waits for the next turn, and others have theirs.
   * Extensions count too, 64 octets as a chunk.
   */
  readonly chunksPerTurn: number;
}

export const BODY_LIMITS: BodyLimits = {
  maxChunkLineBytes: 1_024,
  maxTrailerBytes: 60 * 1024,
  maxTrailers: 100,
  chunksPerTurn: 128,
};

export interface BodySink {
  /** A piece is a range: a view of each would cost more than all else that happens to it. */
  onBodyData(bytes: Buffer, start: number, end: number): void;
  /** Trailers only of chunked bodies that have some. Last. */
  onBodyEnd(trailers: Fields | undefined): void;
}

type State =
  | "idle"
  | "length"
  | "until-close"
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailers";

const CR = 13;
const LF = 10;
/** Of an extension: so many octets are as much work as a chunk. */
const EXTENSION_BYTES_PER_CHUNK = 64;
/** 2^53 has 14 hexadecimal digits. */
const MAX_SIZE_DIGITS = 14;

export class BodyDecoder {
  #state: State = "idle";
  #remaining = 0;
  #digits = 0;
  #lineBytes = 0;
  /** Trailers that have not arrived whole. */
  #held: Buffer | undefined;
  /** Reading stops when it is used up: the owner sets it to `chunksPerTurn` each turn. */
  chunksLeft = Number.POSITIVE_INFINITY;
  readonly #limits: BodyLimits;
  readonly #fault: Fault;

  constructor(fault: Fault, limits: BodyLimits = BODY_LIMITS) {
    this.#fault = fault;
    this.#limits = limits;
  }

  /** No body is being read: the next byte belongs to the next message. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Begins a body. With `none` there is nothing to read and `onBodyEnd` is not called. */
  reset(kind: BodyKind, contentLength: number): void {
    this.#held = undefined;
    if (kind === "length") {
      this.#state = "length";
      this.#remaining = contentLength;
    } else if (kind === "chunked") this.#beginChunk();
    else this.#state = kind === "none" ? "idle" : "until-close";
  }

  /**
   * Reads what belongs to the body from `from` on and returns the position after it. Stops early when `sink` was told
   * the end. Throws Http1Error.
   */
  decode(bytes: Buffer, from: number, sink: BodySink): number {
    let at = from;
    while (at < bytes.length && this.#state !== "idle" && this.chunksLeft > 0)
      at = this.#step(bytes, at, sink);
    return at;
  }

  /** The connection ended. Throws Http1Error "truncated" unless that ends the body. */
  finish(sink: BodySink): void {
    if (this.#state === "idle") return;
    if (this.#state !== "until-close") throw new Http1Error("truncated", this.#fault);
    this.#state = "idle";
    sink.onBodyEnd(undefined);
  }

  #step(bytes: Buffer, at: number, sink: BodySink): number {
    switch (this.#state) {
      case "length":
      case "data":
        return this.#data(bytes, at, sink);
      case "until-close":
        sink.onBodyData(bytes, at, bytes.length);
        return bytes.length;
      case "size":
        return this.#size(bytes, at);
      case "extension":
        return this.#extension(bytes, at);
      case "trailers":
        return this.#trailers(bytes, at, sink);
      default:
        return this.#lineEnd(bytes[at] as number, at);
    }
  }

  #data(bytes: Buffer, at: number, sink: BodySink): number {
    const end = Math.min(bytes.length, at + this.#remaining);
    this.#remaining -= end - at;
    const isWhole = this.#state === "length" && this.#remaining === 0;
    if (this.#remaining === 0) this.#state = isWhole ? "idle" : "data-cr";
    sink.onBodyData(bytes, at, end);
    if (isWhole) sink.onBodyEnd(undefined);
    return end;
  }

  #beginChunk(): void {
    this.#state = "size";
    this.chunksLeft--;
    this.#remaining = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
  }

  #size(bytes: Buffer, from: number): number {
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      const digit = hexValue(byte);
      if (digit < 0) {
        if (this.#digits === 0) throw new Http1Error("bad-chunk-size", this.#fault);
        if (byte === CR) this.#state = "size-lf";
        else if (byte === 59) this.#state = "extension";
        else throw new Http1Error("bad-chunk-size", this.#fault);
        return at + 1;
      }
      this.#remaining = this.#remaining * 16 + digit;
      if (++this.#digits > MAX_SIZE_DIGITS || this.#remaining > Number.MAX_SAFE_INTEGER)
        throw new Http1Error("bad-chunk-size", this.#fault);
    }
    return at;
  }

  #extension(bytes: Buffer, from: number): number {
    const end = Math.min(bytes.length, from + this.#limits.maxChunkLineBytes - this.#lineBytes);
    let at = from;
    while (at < end && VALUE_BYTE[bytes[at] as number] === 1) at++;
    this.#lineBytes += at - from;
    this.chunksLeft -= Math.floor((at - from) / EXTENSION_BYTES_PER_CHUNK);
    if (at === bytes.length) return at;
    const byte = bytes[at] as number;
    if (byte === CR) {
      this.#state = "size-lf";
      return at + 1;
    }
    const isLong = VALUE_BYTE[byte] === 1;
    throw new Http1Error(isLong ? "chunk-line-too-long" : "bad-chunk-extension", this.#fault);
  }

  /** One of the bytes of a line ending after a size line or after data. */
  #lineEnd(byte: number, at: number): number {
    const isAfterSize = this.#state === "size-lf";
    if (byte !== (this.#state === "data-cr" ? CR : LF))
      throw new Http1Error(isAfterSize ? "bad-line-ending" : "bad-chunk-end", this.#fault);
    if (this.#state === "data-cr") this.#state = "data-lf";
    else if (this.#state === "data-lf") this.#beginChunk();
    else this.#state = this.#remaining === 0 ? "trailers" : "data";
    return at + 1;
  }

  #trailers(bytes: Buffer, at: number, sink: BodySink): number {
    const held = this.#held;
    const block =
      held === undefined ? bytes : Buffer.concat([held, sliceOf(bytes, at, bytes.length)]);
    const base = held === undefined ? at : 0;
    const limits = { maxBytes: this.#limits.maxTrailerBytes, maxFields: this.#limits.maxTrailers };
    const after = readFieldBlock(block, base, base, block.length, limits, this.#fault);
    if (after < 0) {
      this.#held = held === undefined ? Buffer.from(bytes.subarray(at)) : block;
      return bytes.length;
    }
    const trailers = found.count === 0 ? undefined : takeTrailers(block, base);
    if (trailers !== undefined) this.#checkTrailers(trailers);
    const consumed = held === undefined ? after : at + (after - held.length);
    this.#held = undefined;
    this.#state = "idle";
    sink.onBodyEnd(trailers);
    return consumed;
  }

  #checkTrailers(trailers: Fields): void {
    for (let i = 0; i < trailers.fieldCount; i++) {
      const name = trailers.fieldName(i).toLowerCase();
      if (isForbiddenTrailer(name)) throw new Http1Error("forbidden-trailer", this.#fault, name);
    }
  }
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  return byte >= 65 && byte <= 70 ? byte - 55 : -1;
}
