import { Buffer } from "node:buffer";
import type { Transport } from "#net/transport.ts";
import { encodeDataHeader } from "#wire/http2/data.ts";
import { encodeGoaway } from "#wire/http2/goaway.ts";
import { beginHeaders, finishHeaders } from "#wire/http2/headers.ts";
import type { Http2Code, Http2Reason } from "#wire/http2/http2-error.ts";
import { encodePing } from "#wire/http2/ping.ts";
import { PREFACE } from "#wire/http2/preface.ts";
import { encodeRstStream } from "#wire/http2/rst-stream.ts";
import { encodeSettings, encodeSettingsAck, type Settings } from "#wire/http2/settings.ts";
import { encodeWindowUpdate } from "#wire/http2/window-update.ts";
import { scratch, sendScratch } from "../encode-scratch.ts";
import type { FloodLimits } from "./limits/flood-limits.ts";
import { UnreadCount } from "./limits/unread-count.ts";

const NOTHING = Buffer.alloc(0);

/** With its header half a batch of the write queue. */
export const DATA_FRAME_BYTES = 16_375;

/**
 * Writes frames to the transport, which sends all of one turn together, and counts those that the peer has not taken.
 */
export class FrameOutput {
  readonly transport: Transport;
  /** The transport has enough: no more DATA until it has drained. */
  isFull = false;
  /** Of the peer's settings. */
  maxFrameBytes = 16_384;
  /** The peer took too few frames: the connection has to end. */
  flood: Http2Reason | undefined = undefined;
  readonly #all: UnreadCount;
  readonly #control: UnreadCount;
  readonly #onWrite: () => void;

  /** `onWrite` is called before anything is written, so that it can ask for the end of the turn before the transport does. */
  constructor(transport: Transport, limits: FloodLimits, onWrite: () => void) {
    this.transport = transport;
    this.#onWrite = onWrite;
    this.#all = new UnreadCount(transport, limits.queuedFrames);
    this.#control = new UnreadCount(transport, limits.queuedControlFrames);
  }

  preface(): void {
    this.#onWrite();
    this.transport.write(PREFACE);
  }

  settings(settings: Settings): void {
    encodeSettings(scratch, settings);
    this.#send();
  }

  settingsAck(): void {
    encodeSettingsAck(scratch);
    this.#sendControl();
  }

  ping(opaque: Uint8Array): void {
    encodePing(scratch, false, opaque);
    this.#send();
  }

  pingAck(bytes: Uint8Array, at: number): void {
    encodePing(scratch, true, bytes, at);
    this.#sendControl();
  }

  rstStream(streamId: number, code: Http2Code): void {
    encodeRstStream(scratch, streamId, code);
    this.#sendControl();
  }

  windowUpdate(streamId: number, increment: number): void {
    encodeWindowUpdate(scratch, streamId, increment);
    this.#send();
  }

  /** Not counted: it is the last word. */
  goaway(lastStreamId: number, code: Http2Code, debug = ""): void {
    encodeGoaway(scratch, lastStreamId, code, debug);
    this.#onWrite();
    sendScratch(this.transport);
  }

  /** The block is to be encoded into `scratch`, then `endHeaders` called with what this returned. */
  beginHeaders(): number {
    return beginHeaders(scratch);
  }

  endHeaders(at: number, streamId: number, endStream: boolean): void {
    const frames = finishHeaders(scratch, at, streamId, endStream, this.maxFrameBytes);
    for (let i = 1; i < frames; i++) this.#count();
    this.#send();
  }

  /** A frame with `bytes` from `start` up to `end`. */
  data(streamId: number, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    this.#count();
    this.#onWrite();
    encodeDataHeader(scratch, streamId, end - start, endStream);
    const { transport } = this;
    if (end - start <= 2_048) {
      scratch.copy(bytes, start, end);
      if (!sendScratch(transport)) this.isFull = true;
      return;
    }
    sendScratch(transport);
    if (!transport.writeRange(bytes, start, end)) this.isFull = true;
  }

  /** The frame that ends a stream of which everything else was sent. */
  emptyData(streamId: number): void {
    this.data(streamId, NOTHING, 0, 0, true);
  }

  #send(): void {
    this.#onWrite();
    sendScratch(this.transport);
    this.#count();
  }

  #sendControl(): void {
    this.#send();
    if (!this.#control.add()) this.flood = "control-flood";
  }

  #count(): void {
    if (!this.#all.add()) this.flood = "outbound-flood";
  }
}
