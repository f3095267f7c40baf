/** What each frame of the peer means, and which errors it can be (RFC 9113 sections 5 and 6). */
import type { Buffer } from "node:buffer";
import type { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import type { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { decodeContinuation } from "#wire/http2/continuation.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import type { FrameSink } from "#wire/http2/frame-reader.ts";
import { decodeGoaway, type Goaway } from "#wire/http2/goaway.ts";
import { HeaderBlock } from "#wire/http2/header-block.ts";
import { decodeHeaders, HeadersFrame } from "#wire/http2/headers.ts";
import { type Http2Code, Http2Error } from "#wire/http2/http2-error.ts";
import { decodePing } from "#wire/http2/ping.ts";
import { decodePriority } from "#wire/http2/priority.ts";
import { decodePushPromise } from "#wire/http2/push-promise.ts";
import { decodeRstStream } from "#wire/http2/rst-stream.ts";
import { decodeWindowUpdate, MAX_WINDOW } from "#wire/http2/window-update.ts";
import type { PeerError } from "../exchange.ts";
import type { FrameOutput } from "./frame-output.ts";
import type { Http2Options } from "./http2-options.ts";
import type { ClosedStreams } from "./limits/closed-streams.ts";
import type { FloodGuard } from "./limits/flood-guard.ts";
import type { ReceiveWindow } from "./receive-window.ts";
import type { SendScheduler } from "./send-scheduler.ts";
import type { SettingsExchange } from "./settings-exchange.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** What frames act on. */
export interface FrameHost {
  readonly isOpen: boolean;
  readonly isServer: boolean;
  readonly options: Http2Options;
  readonly settings: SettingsExchange;
  readonly output: FrameOutput;
  readonly guard: FloodGuard;
  readonly closed: ClosedStreams;
  readonly streams: Pick<StreamTable, "get" | "values">;
  readonly scheduler: SendScheduler;
  readonly receiveWindow: ReceiveWindow;
  readonly decoder: HpackDecoder;
  readonly encoder: HpackEncoder;
  /** Never opened by either side. */
  isIdle(streamId: number): boolean;
  touch(): void;
  /** A frame has come: past so many in one turn, the rest waits for the next. */
  /** -1: it is not one of data. */
  countFrame(dataLength: number): void;
  onConsumed(bytes: number): void;
  /** A whole header block; it has to go through the HPACK decoder whatever becomes of it. May throw. */
  onHeaderBlock(
    streamId: number,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void;
  onPeerSettings(): void;
  onSettingsAck(): void;
  onPingAck(bytes: Buffer, at: number): void;
  onGoaway(goaway: Goaway): void;
  resetByPeer(stream: Http2Stream, code: Http2Code): void;
  resetStream(stream: Http2Stream, code: Http2Code, error?: PeerError): void;
}

const BLOCK_PER_HEAD = 1.25;

export class FrameHandler implements FrameSink {
  readonly #host: FrameHost;
  readonly #block: HeaderBlock;
  readonly #headers = new HeadersFrame();
  /** The stream of the DATA frame under way; undefined when its data is dropped. */
  #dataStream: Http2Stream | undefined = undefined;
  #dataEndsStream = false;

  constructor(host: FrameHost) {
    this.#host = host;
    const { head, maxFrameBytes } = host.options;
    // Larger than any head may be: what is beyond that limit is the fault of one request, and this of the connection.
    const maxBytes = BLOCK_PER_HEAD * head.maxBytes;
    const maxContinuations = Math.max(5, maxBytes / maxFrameBytes);
    this.#block = new HeaderBlock({ maxBytes, maxContinuations });
  }

  /** A header block has begun and not ended. */
  get isWithinBlock(): boolean {
    return this.#block.isOpen;
  }

  onDataBegin(streamId: number, flags: number, length: number, dataLength: number): void {
    this.#expectFrame(FRAME.data, dataLength);
    if (streamId === 0) throw new Http2Error("stream-zero");
    this.#host.receiveWindow.receive(length);
    const { creditsOnReceipt } = this.#host.options;
    if (creditsOnReceipt) this.#host.receiveWindow.release(length);
    this.#dataEndsStream = (flags & FLAG.endStream) !== 0;
    const stream = this.#host.streams.get(streamId);
    // Between our own proxies, how large the messages inside a tunnel are is its clients' business.
    if (creditsOnReceipt && dataLength > 0 && stream?.isTunnel === true)
      this.#host.guard.onTunnelData();
    else this.#host.guard.onData(dataLength, this.#dataEndsStream);
    this.#dataStream = stream;
    try {
      if (stream === undefined) this.#onLateData(streamId);
      else stream.accept(length, dataLength);
    } catch (cause) {
      this.#dataStream = undefined;
      this.#rescue(streamId, cause);
    }
    if (this.#dataStream === undefined && !creditsOnReceipt)
      this.#host.receiveWindow.release(length - dataLength);
  }

  onDataPiece(bytes: Buffer, start: number, end: number): void {
    if (this.#dataStream === undefined) this.#host.onConsumed(end - start);
    else this.#dataStream.receive(bytes, start, end);
  }

  onDataEnd(): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    if (stream === undefined || stream.isOver || !this.#dataEndsStream) return;
    try {
      stream.receiveEnd(undefined);
    } catch (cause) {
      this.#rescue(stream.id, cause);
    }
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    this.#expectFrame(type, -1);
    if (!this.#host.isOpen) return;
    try {
      this.#readFrame(type, flags, streamId, bytes, start, end);
    } catch (cause) {
      this.#rescue(streamId, cause);
    }
  }

  #expectFrame(type: number, dataLength: number): void {
    this.#host.countFrame(dataLength);
    if (!this.#host.settings.hasPeer && type !== FRAME.settings)
      throw new Http2Error("bad-preface", undefined, "no SETTINGS first");
    if (this.#block.isOpen && type !== FRAME.continuation)
      throw new Http2Error("expected-continuation");
  }

  #readFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case FRAME.headers:
        this.#onHeaders(flags, streamId, bytes, start, end);
        return;
      case FRAME.continuation:
        this.#onContinuation(flags, streamId, bytes.subarray(start, end));
        return;
      case FRAME.windowUpdate:
        this.#onWindowUpdate(streamId, decodeWindowUpdate(bytes, start, end, streamId));
        return;
      case FRAME.rstStream:
        this.#onRstStream(streamId, decodeRstStream(bytes, start, end));
        return;
      case FRAME.settings:
        this.#onSettings(flags, streamId, bytes, start, end);
        return;
      case FRAME.ping:
        if (streamId !== 0) throw new Http2Error("not-stream-zero");
        this.#host.guard.onPing();
        if (decodePing(flags, start, end)) this.#host.onPingAck(bytes, start);
        else this.#host.output.pingAck(bytes, start);
        return;
      case FRAME.goaway:
        if (streamId !== 0) throw new Http2Error("not-stream-zero");
        this.#host.guard.onControl();
        this.#host.onGoaway(decodeGoaway(bytes, start, end));
        return;
      case FRAME.priority:
        this.#onPriority(streamId, decodePriority(bytes, start, end));
        return;
      case FRAME.pushPromise:
        decodePushPromise();
        return;
      default:
        // Unknown types mean nothing (RFC 9113 section 4.1).
        this.#host.guard.onControl();
    }
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw new Http2Error("stream-zero");
    const headers = this.#headers;
    decodeHeaders(bytes, start, end, flags, headers);
    // Of the connection, because the header block is not decoded.
    if (headers.dependsOn === streamId) throw new Http2Error("self-dependency", "connection");
    const endStream = (flags & FLAG.endStream) !== 0;
    const { fragmentStart, fragmentEnd } = headers;
    if ((flags & FLAG.endHeaders) !== 0)
      this.#host.onHeaderBlock(streamId, endStream, bytes, fragmentStart, fragmentEnd);
    else this.#block.begin(streamId, endStream, bytes.subarray(fragmentStart, fragmentEnd));
  }

  #onContinuation(flags: number, streamId: number, fragment: Buffer): void {
    const isLast = decodeContinuation(flags);
    this.#block.continue(streamId, fragment, isLast);
    if (!isLast) return;
    const { endStream } = this.#block;
    const block = this.#block.take();
    this.#host.onHeaderBlock(streamId, endStream, block, 0, block.length);
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    this.#host.guard.onWindowUpdate();
    if (streamId === 0) this.#host.scheduler.growWindow(increment);
    else {
      this.#expectNotIdle(streamId);
      this.#host.streams.get(streamId)?.growSendWindow(increment);
    }
    this.#host.touch();
  }

  #onRstStream(streamId: number, code: Http2Code): void {
    if (streamId === 0) throw new Http2Error("stream-zero");
    this.#expectNotIdle(streamId);
    const stream = this.#host.streams.get(streamId);
    if (stream === undefined) {
      if (this.#host.isServer) this.#host.guard.onControl();
      this.#host.closed.onLateReset(streamId);
      return;
    }
    this.#host.resetByPeer(stream, code);
    // Whoever has the whole answer may well not go on with the request.
    if (this.#host.isServer && !stream.isSent) this.#host.guard.onReset(stream.startedAtMs);
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new Http2Error("not-stream-zero");
    this.#host.guard.onControl();
    if ((flags & FLAG.ack) !== 0) {
      if (!this.#host.settings.hasPeer) throw new Http2Error("bad-preface");
      this.#onSettingsAck(start, end);
    } else this.#onPeerSettings(bytes, start, end);
  }

  #onSettingsAck(start: number, end: number): void {
    const { settings, decoder, options, streams } = this.#host;
    const shrunkBy = settings.onAck(start, end);
    decoder.allowTableBytes(options.headerTableBytes);
    if (shrunkBy !== 0) for (const stream of streams.values()) stream.shiftReceiveWindow(-shrunkBy);
    this.#host.onSettingsAck();
  }

  #onPeerSettings(bytes: Buffer, start: number, end: number): void {
    const { settings, encoder, options, streams, output } = this.#host;
    const { grownBy, headerTableSize, smallestHeaderTableSize } = settings.receive(
      bytes,
      start,
      end,
    );
    if (grownBy !== 0)
      for (const stream of streams.values()) {
        if (stream.sendWindow + grownBy > MAX_WINDOW) throw new Http2Error("bad-initial-window");
        stream.growSendWindow(grownBy);
      }
    const { headerTableBytes } = options;
    if (smallestHeaderTableSize !== undefined && headerTableSize !== undefined) {
      encoder.allowTableBytes(Math.min(smallestHeaderTableSize, headerTableBytes));
      encoder.allowTableBytes(Math.min(headerTableSize, headerTableBytes));
    }
    output.maxFrameBytes = settings.peerMaxFrame;
    output.settingsAck();
    this.#host.onPeerSettings();
  }

  #onPriority(streamId: number, dependsOn: number): void {
    if (streamId === 0) throw new Http2Error("stream-zero");
    this.#host.guard.onPriority();
    if (dependsOn === streamId) throw new Http2Error("self-dependency");
  }

  #expectNotIdle(streamId: number): void {
    if (this.#host.isIdle(streamId)) throw new Http2Error("idle-stream");
  }

  /** Data for a stream that is gone: it counts against the connection's window and for nothing else. */
  #onLateData(streamId: number): void {
    this.#expectNotIdle(streamId);
    if (this.#host.closed.find(streamId) !== "reset-by-us") throw new Http2Error("stream-closed");
  }

  /** One rescue for everything that a frame can throw: errors of a stream end that stream only. */
  #rescue(streamId: number, cause: unknown): void {
    if (!(cause instanceof Http2Error) || cause.scope !== "stream" || streamId === 0) throw cause;
    if (this.#host.isIdle(streamId)) throw new Http2Error(cause.reason, "connection");
    const stream = this.#host.streams.get(streamId);
    if (stream !== undefined) {
      this.#host.resetStream(stream, cause.code, cause);
      this.#host.guard.onReset(stream.startedAtMs);
    } else if (this.#host.closed.find(streamId) !== "reset-by-us") {
      this.#host.output.rstStream(streamId, cause.code);
      this.#host.guard.onReset(this.#host.options.now());
    }
  }
}
