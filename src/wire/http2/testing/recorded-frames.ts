import type { FrameSink } from "../frame-reader.ts";

/** A frame as tests look at it. The payload of DATA is without its padding. */
export interface RecordedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** Of the payload on the wire, with padding. */
  readonly length: number;
  readonly payload: Buffer;
}

/** Keeps every frame that a reader tells. */
export class RecordedFrames implements FrameSink {
  readonly frames: RecordedFrame[] = [];
  #data: Buffer[] = [];
  #begun = { type: 0, flags: 0, streamId: 0, length: 0 };

  onDataBegin(streamId: number, flags: number, length: number): void {
    this.#begun = { type: 0, flags, streamId, length };
    this.#data = [];
  }

  onDataPiece(bytes: Buffer, start: number, end: number): void {
    this.#data.push(bytes.subarray(start, end));
  }

  onDataEnd(): void {
    this.frames.push({ ...this.#begun, payload: Buffer.concat(this.#data) });
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const payload = Buffer.from(bytes.subarray(start, end));
    this.frames.push({ type, flags, streamId, length: end - start, payload });
  }
}
