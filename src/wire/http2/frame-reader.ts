import { Buffer } from "node:buffer";
import { sliceOf } from "../byte-range.ts";
import { decodeDataLength } from "./data.ts";
import {
  decodeFrameLength,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MIN_MAX_FRAME_BYTES,
  readUint31,
} from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";

/** Who is told what was read. Any of these may throw, which ends the reading. */
export interface FrameSink {
  /** A DATA frame begins. `length` counts against the windows (it includes padding), `dataLength` does not. */
  onDataBegin(streamId: number, flags: number, length: number, dataLength: number): void;
  /** A piece of the data, as it came: `bytes` from `start` up to `end`. */
  onDataPiece(bytes: Buffer, start: number, end: number): void;
  /** The whole frame has come. */
  onDataEnd(): void;
  /** Any other frame, whole: its payload is `bytes` from `start` to `end`, which belong to the receiver. */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
}

/**
 * Cuts a byte stream into frames. Data is handed on as it arrives, without a copy; other frames when they are whole,
 * without a copy when they come in one piece.
 */
export class FrameReader {
  maxFrameBytes: number = MIN_MAX_FRAME_BYTES;
  readonly #sink: FrameSink;
  /** The beginning of a frame that is not whole (of DATA: of its header), and how many bytes of it there are. */
  #partial: Buffer | undefined;
  #partialLength = 0;
  #isInData = false;
  #dataLeft = 0;
  #paddingLeft = 0;
  #isStopped = false;
  /** What came after the reading was stopped. */
  #rest: Buffer | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** A frame has begun and is not whole. */
  get isWithinFrame(): boolean {
    return this.#partialLength > 0 || this.#isInData;
  }

  /** The same, when it can mean nothing before it is whole. */
  get isWithinHead(): boolean {
    return this.#partialLength > 0;
  }

  /** From within the sink: what follows this frame waits for `goOn`. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Reads what waits since `stop`. */
  goOn(): void {
    this.#isStopped = false;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.read(rest);
  }

  /** Throws Http2Error, and what the sink throws; nothing may be read afterwards. */
  read(bytes: Buffer): void {
    if (this.#rest !== undefined) {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      return;
    }
    let at = 0;
    const end = bytes.length;
    while (at < end) {
      if (this.#isStopped) {
        this.#rest = sliceOf(bytes, at, bytes.length);
        return;
      }
      if (this.#isInData) at = this.#readData(bytes, at, end);
      else if (this.#partialLength > 0) at = this.#completePartial(bytes, at, end);
      else at = this.#readFrame(bytes, at, end);
    }
  }

  #readFrame(bytes: Buffer, at: number, end: number): number {
    if (end - at < FRAME_HEADER_BYTES) return this.#keep(bytes, at, end, FRAME_HEADER_BYTES);
    const needed = this.#needed(bytes, at);
    if (end - at < needed) return this.#keep(bytes, at, end, needed);
    this.#tell(bytes, at, at + needed);
    return at + needed;
  }

  /** How many bytes must be there before the frame can be told: all of it, of DATA what comes before the data. */
  #needed(bytes: Uint8Array, at: number): number {
    const length = decodeFrameLength(bytes, at);
    if (length > this.maxFrameBytes) throw new Http2Error("frame-too-large");
    if (bytes[at + 3] !== FRAME.data) return FRAME_HEADER_BYTES + length;
    if (((bytes[at + 4] as number) & FLAG.padded) === 0) return FRAME_HEADER_BYTES;
    if (length === 0) throw new Http2Error("bad-frame-size");
    return FRAME_HEADER_BYTES + 1;
  }

  #tell(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    const streamId = readUint31(bytes, at + 5);
    const start = at + FRAME_HEADER_BYTES;
    if (type !== FRAME.data) {
      this.#sink.onFrame(type, flags, streamId, bytes, start, end);
      return;
    }
    const length = decodeFrameLength(bytes, at);
    const dataLength = decodeDataLength(length, flags, end > start ? (bytes[start] as number) : 0);
    this.#isInData = true;
    this.#dataLeft = dataLength;
    this.#paddingLeft = length - dataLength - (end - start);
    this.#sink.onDataBegin(streamId, flags, length, dataLength);
    this.#finishData();
  }

  #readData(bytes: Buffer, at: number, end: number): number {
    const dataEnd = Math.min(end, at + this.#dataLeft);
    if (dataEnd > at) {
      this.#dataLeft -= dataEnd - at;
      this.#sink.onDataPiece(bytes, at, dataEnd);
    }
    const paddingEnd = Math.min(end, dataEnd + this.#paddingLeft);
    this.#paddingLeft -= paddingEnd - dataEnd;
    this.#finishData();
    return paddingEnd;
  }

  #finishData(): void {
    if (!this.#isInData || this.#dataLeft > 0 || this.#paddingLeft > 0) return;
    this.#isInData = false;
    this.#sink.onDataEnd();
  }

  /** Copies: the rest of these bytes may be much larger than what is kept. */
  #keep(bytes: Buffer, at: number, end: number, needed: number): number {
    const partial = Buffer.allocUnsafeSlow(needed);
    bytes.copy(partial, 0, at, end);
    this.#partial = partial;
    this.#partialLength = end - at;
    return end;
  }

  #completePartial(bytes: Buffer, from: number, end: number): number {
    let partial = this.#partial as Buffer;
    let at = this.#fill(partial, bytes, from, end);
    if (this.#partialLength < partial.length) return at;
    const needed = this.#needed(partial, 0);
    if (needed > partial.length) {
      const larger = Buffer.allocUnsafeSlow(needed);
      partial.copy(larger, 0, 0, this.#partialLength);
      this.#partial = larger;
      partial = larger;
      at = this.#fill(partial, bytes, at, end);
      if (this.#partialLength < needed) return at;
    }
    this.#partial = undefined;
    this.#partialLength = 0;
    this.#tell(partial, 0, needed);
    return at;
  }

  #fill(partial: Buffer, bytes: Buffer, from: number, end: number): number {
    const taken = Math.min(end - from, partial.length - this.#partialLength);
    bytes.copy(partial, this.#partialLength, from, from + taken);
    this.#partialLength += taken;
    return from + taken;
  }
}
