import { Buffer } from "node:buffer";
import { Http2Error } from "./http2-error.ts";

export interface HeaderBlockLimits {
  /** Of the encoded block. */
  readonly maxBytes: number;
  readonly maxContinuations: number;
}

/** Joins the fragments of one header block that came in several frames. */
export class HeaderBlock {
  /** Whose block is being joined; 0 when none is. */
  streamId = 0;
  endStream = false;
  readonly #limits: HeaderBlockLimits;
  #fragments: Buffer[] = [];
  #sizeBytes = 0;
  #continuations = 0;
  #hasEmpty = false;

  constructor(limits: HeaderBlockLimits) {
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return this.streamId !== 0;
  }

  /** The first fragment, of a HEADERS frame that does not end the block. Throws Http2Error (connection). */
  begin(streamId: number, endStream: boolean, fragment: Buffer): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#continuations = 0;
    this.#sizeBytes = 0;
    this.#hasEmpty = false;
    this.#add(fragment, false);
  }

  /** A further fragment. Throws Http2Error (connection). */
  continue(streamId: number, fragment: Buffer, endHeaders: boolean): void {
    if (this.streamId === 0) throw new Http2Error("unexpected-continuation");
    if (streamId !== this.streamId) throw new Http2Error("expected-continuation");
    if (++this.#continuations > this.#limits.maxContinuations)
      throw new Http2Error("too-many-continuations");
    this.#add(fragment, endHeaders);
  }

  /** The whole block, once its last fragment was added. */
  take(): Buffer {
    const block = Buffer.concat(this.#fragments, this.#sizeBytes);
    this.#fragments = [];
    this.streamId = 0;
    return block;
  }

  #add(fragment: Buffer, endHeaders: boolean): void {
    if (fragment.length === 0 && !endHeaders) {
      if (this.#hasEmpty) throw new Http2Error("empty-frames");
      this.#hasEmpty = true;
    }
    this.#sizeBytes += fragment.length;
    if (this.#sizeBytes > this.#limits.maxBytes) throw new Http2Error("header-block-too-large");
    this.#fragments.push(fragment);
  }
}
