/** Frames an outgoing body as its head promised. One object per message, reset for the next. */
import type { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import { bufferOf, sliceOf } from "#wire/byte-range.ts";
import { encodeLastChunk } from "#wire/http1/encode-head.ts";
import { scratch, sendScratch } from "./encode-scratch.ts";
import type { BodyKind, FieldView } from "./exchange.ts";

/** Larger slices are not copied to stand beside their chunk framing. */
const JOIN_BELOW_BYTES = 16 * 1024;

export class BodyWriter {
  readonly #transport: Transport;
  #kind: BodyKind = "none";
  #remaining = 0;
  bytesSent = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  reset(kind: BodyKind, contentLength: number): void {
    this.#kind = kind;
    this.#remaining = kind === "length" ? contentLength : 0;
    this.bytesSent = 0;
  }

  /** False above the transport's high watermark. Throws RangeError for more bytes than the head promised. */
  write(slice: Uint8Array): boolean {
    return this.writeRange(bufferOf(slice), 0, slice.length);
  }

  /** As `write` of `bytes.subarray(start, end)`, which is made only where it is worth not being copied. */
  writeRange(bytes: Buffer, start: number, end: number): boolean {
    if (start === end) return true;
    this.#account(end - start);
    return this.#kind === "chunked"
      ? this.#writeChunk(bytes, start, end)
      : this.#send(bytes, start, end);
  }

  /** A small part of what it came in is copied, so that the rest of that memory is free. */
  #send(bytes: Buffer, start: number, end: number): boolean {
    const size = end - start;
    return size >= JOIN_BELOW_BYTES && size * 2 > bytes.length
      ? this.#transport.write(sliceOf(bytes, start, end))
      : this.#transport.writeRange(bytes, start, end);
  }

  #account(length: number): void {
    this.bytesSent += length;
    if (this.#kind === "none") throw new RangeError("a message without a body was given one");
    if (this.#kind !== "length") return;
    this.#remaining -= length;
    if (this.#remaining < 0) throw new RangeError("more bytes than Content-Length");
  }

  /** Throws RangeError for fewer bytes than the head promised. */
  end(trailers: FieldView | undefined): void {
    if (this.#remaining > 0) throw new RangeError("fewer bytes than Content-Length");
    if (this.#kind === "chunked") {
      encodeLastChunk(scratch, trailers);
      sendScratch(this.#transport);
    }
    this.#kind = "none";
  }

  #writeChunk(bytes: Buffer, start: number, end: number): boolean {
    scratch.text(`${(end - start).toString(16)}\r\n`);
    if (end - start < JOIN_BELOW_BYTES) {
      scratch.copy(bytes, start, end);
      scratch.text("\r\n");
      return sendScratch(this.#transport);
    }
    sendScratch(this.#transport);
    this.#send(bytes, start, end);
    return this.#transport.write("\r\n");
  }
}
