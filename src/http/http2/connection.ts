/**
 * What both sides of an HTTP/2 connection share: its streams, its windows, when things are sent, and the ways in which it
 * ends. What frames mean is in `frame-handler.ts`; who opens streams, and what their heads mean, is the role's business.
 *
 *   open ──GOAWAY in order, the peer's FIN──▶ open until the last stream ends ──┐
 *     └──── broken protocol, floods, timeouts: GOAWAY with the reason ──────────┴──▶ lingering ──▶ over
 */
import type { Buffer } from "node:buffer";
import { type Flushable, flushAtEndOfTurn } from "#net/flush-turn.ts";
import { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { sliceOf } from "#wire/byte-range.ts";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { HpackError } from "#wire/hpack/hpack-error.ts";
import { FrameReader } from "#wire/http2/frame-reader.ts";
import type { Goaway } from "#wire/http2/goaway.ts";
import { decodeTrailers } from "#wire/http2/head/decode-trailers.ts";
import { encodeTrailers } from "#wire/http2/head/encode-trailers.ts";
import { type Http2Code, Http2Error } from "#wire/http2/http2-error.ts";
import { matchPreface, PREFACE } from "#wire/http2/preface.ts";
import { scratch } from "../encode-scratch.ts";
import type { FieldView, PeerError } from "../exchange.ts";
import { UnreadWatch } from "../unread-watch.ts";
import { FrameHandler, type FrameHost } from "./frame-handler.ts";
import { FrameOutput } from "./frame-output.ts";
import type { Http2Options } from "./http2-options.ts";
import { PingKeeper } from "./keep-alive.ts";
import type { BufferBudget, HolderGroup } from "./limits/buffer-budget.ts";
import { ClosedStreams, type Closing } from "./limits/closed-streams.ts";
import { FloodGuard } from "./limits/flood-guard.ts";
import { FrameBudget } from "./limits/frame-budget.ts";
import { Linger } from "./linger.ts";
import { OpeningDeadlines } from "./opening-deadlines.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { SendScheduler } from "./send-scheduler.ts";
import { SettingsExchange } from "./settings-exchange.ts";
import { Http2Stream, type StreamHost } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";
import { StreamWatch } from "./stream-watch.ts";

/** What a server and a client do differently. */
export interface Http2Role {
  readonly isServer: boolean;
  /** A whole header block; it has to go through the HPACK decoder whatever becomes of it. May throw. */
  onHeaderBlock(
    streamId: number,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void;
  onPeerSettings(): void;
  onPingAck(bytes: Buffer, at: number): void;
  onGoaway(goaway: Goaway): void;
  /** A stream is over, in whatever way. */
  onStreamGone(): void;
  /** There was no stream for too long. */
  onIdleTimeout(): void;
  /** What was read and written in this turn has been dealt with. */
  onTurnEnd(): void;
  /** No stream exists any more, and none will. Once. */
  onConnectionOver(error: PeerError | undefined): void;
  /** The transport is closed. Once, last. */
  onTransportClosed(): void;
}

type State = "open" | "lingering" | "over";

/** Of one stream: sent before the end of the turn. */
const SEND_SOON_BYTES = 16 * 1024;

/** A client that leaves so much unread asks no further questions: more than data alone ever makes wait. */
const UNREAD_BYTES_MAX = 256 * 1024;

export class Http2Connection
  implements TransportEvents, Flushable, FrameHost, StreamHost, HolderGroup
{
  readonly transport: Transport;
  readonly options: Http2Options;
  readonly isServer: boolean;
  readonly output: FrameOutput;
  readonly decoder: HpackDecoder;
  readonly encoder: HpackEncoder;
  readonly settings: SettingsExchange;
  readonly guard: FloodGuard;
  readonly closed = new ClosedStreams();
  readonly streams = new StreamTable();
  /** Of the heads of `streams`. */
  heldHeadBytes = 0;
  readonly scheduler: SendScheduler;
  readonly receiveWindow: ReceiveWindow;
  /** Something came since this was last set to false. */
  hasHeard = false;
  /** The highest number that the side which opens streams has used. */
  highestStreamId = 0;
  readonly #role: Http2Role;
  readonly #handler: FrameHandler;
  readonly #reader: FrameReader;
  readonly #opening: OpeningDeadlines;
  readonly #watch: StreamWatch;
  readonly #linger: Linger;
  readonly #keeper: PingKeeper | undefined;
  /** Of the peer's preface; all of it as a client, which gets none. */
  #prefaceSeen: number;
  #state: State = "open";
  #willFlush = false;
  #willSendSoon = false;
  #isFlushing = false;
  #isHalted = false;
  readonly #frames: FrameBudget;
  /** Nothing is read before the peer has read. */
  #isBlocked = false;
  #unread: UnreadWatch | undefined = undefined;
  #isEnding = false;

  constructor(transport: Transport, role: Http2Role, options: Http2Options) {
    this.transport = transport;
    this.options = options;
    this.#role = role;
    this.isServer = role.isServer;
    this.#prefaceSeen = role.isServer ? 0 : PREFACE.length;
    this.output = new FrameOutput(transport, options.flood, () => this.touch());
    this.settings = new SettingsExchange(options, role.isServer);
    this.decoder = new HpackDecoder(Math.max(4_096, options.headerTableBytes));
    this.encoder = new HpackEncoder({ maxTableBytes: options.headerTableBytes });
    this.guard = new FloodGuard(options.flood, options.now);
    this.#frames = new FrameBudget(options.flood.costPerTurn);
    this.scheduler = new SendScheduler(() => this.guard.onDataSent());
    this.receiveWindow = new ReceiveWindow(options.connectionWindowBytes, (bytes) =>
      this.output.windowUpdate(0, bytes),
    );
    this.#handler = new FrameHandler(this);
    this.#reader = new FrameReader(this.#handler);
    this.#reader.maxFrameBytes = options.maxFrameBytes;
    this.#opening = new OpeningDeadlines(this);
    this.#watch = new StreamWatch(this, role.isServer);
    this.#linger = new Linger(transport, options);
    const { keepAlive } = options;
    if (keepAlive !== undefined) this.#keeper = new PingKeeper(this, keepAlive);
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get fault(): "downstream" | "upstream" {
    return this.isServer ? "downstream" : "upstream";
  }

  get streamBufferBytes(): number {
    return this.options.streamBufferBytes;
  }

  get streamWindowBytes(): number {
    return this.options.streamWindowBytes;
  }

  get isSendingBlocked(): boolean {
    return this.output.isFull || this.scheduler.window <= 0;
  }

  get budget(): BufferBudget {
    return this.options.budget;
  }

  start(): void {
    if (!this.isServer) this.output.preface();
    this.output.settings(this.settings.announced);
    this.receiveWindow.announce();
    this.budget.join(this);
    this.#opening.start();
    this.#watch.start();
    this.#keeper?.start();
    this.transport.attach(this);
  }

  /** A request is about to go out after a time without any. */
  onUsedAfter(idleMs: number): void {
    this.#keeper?.onUsedAfter(idleMs);
  }

  /** Asks for the end of the turn, where everything that was collected is sent. */
  touch(): void {
    if (this.#willFlush || this.#isFlushing) return;
    this.#willFlush = true;
    flushAtEndOfTurn(this);
  }

  /** From within a frame: nothing further is read in this turn. */
  halt(): void {
    if (this.#isHalted) return;
    this.#isHalted = true;
    this.#reader.stop();
    this.transport.pause();
    this.touch();
  }

  // ── what the transport tells ──

  onData(bytes: Buffer): void {
    if (this.#state !== "open") {
      this.#linger.discard(bytes.length);
      return;
    }
    this.hasHeard = true;
    try {
      const at = this.#prefaceSeen < PREFACE.length ? this.#readPreface(bytes) : 0;
      if (at < bytes.length) this.#reader.read(sliceOf(bytes, at, bytes.length));
    } catch (cause) {
      this.#failWith(cause);
    }
    this.#afterRead();
  }

  onEnd(): void {
    if (this.#state !== "open") return;
    const error = new NetError("closed");
    if (!this.isServer) {
      this.#beOver(error, undefined);
      return;
    }
    // What was asked for whole is still answered; nothing else can come.
    for (const stream of this.streams.values())
      if (!stream.isReceived) this.resetStream(stream, "CANCEL", error);
    this.endWhenDone();
  }

  onDrain(): void {
    this.output.isFull = false;
    if (this.#isBlocked) this.#unblock();
    if (this.#state === "open") this.touch();
  }

  onClose(error: NetError | undefined): void {
    const wasOpen = this.#state === "open";
    this.#state = "over";
    for (const timer of [this.#opening, this.#watch, this.#linger, this.#keeper, this.#unread])
      timer?.stop();
    this.budget.leave(this);
    if (wasOpen) this.#role.onConnectionOver(error);
    this.#endStreams(error ?? new NetError("closed"));
    this.#role.onTransportClosed();
  }

  /** The end of a turn. */
  flush(): void {
    this.#willFlush = false;
    if (this.#state === "over") return;
    if (this.#state === "open") {
      this.#pump();
      if (this.output.isFull) this.#watchUnread();
      this.#role.onTurnEnd();
      this.#checkFlood();
    }
    this.transport.flush();
    if (this.#isHalted && !this.#isBlocked) this.#goOn();
  }

  #goOn(): void {
    this.#isHalted = false;
    this.#frames.renew();
    if (this.#state === "open") {
      try {
        this.#reader.goOn();
      } catch (cause) {
        this.#failWith(cause);
      }
      this.#afterRead();
    }
    if (!this.#isHalted && !this.#isBlocked) this.transport.resume();
  }

  #watchUnread(): void {
    const { wheel, stalledMs } = this.options;
    const error = () => new NetError("unread", "frames wait for it");
    this.#unread ??= new UnreadWatch(this.transport, { wheel, unreadMs: stalledMs, error });
    this.#unread.onFull();
  }

  #unblock(): void {
    this.#isBlocked = false;
    if (!this.#isHalted) this.transport.resume();
  }

  #readPreface(bytes: Buffer): number {
    const before = this.#prefaceSeen;
    const seen = matchPreface(bytes, 0, before);
    if (seen < 0) throw new Http2Error("bad-preface");
    this.#prefaceSeen = seen;
    return seen - before;
  }

  #afterRead(): void {
    if (this.#state !== "open") return;
    this.#opening.onUnderWay(this.#handler.isWithinBlock || this.#reader.isWithinHead);
    this.#checkFlood();
    if (this.isServer && this.transport.queuedBytes > UNREAD_BYTES_MAX) {
      this.#isBlocked = true;
      this.transport.pause();
      this.#watchUnread();
    }
  }

  #checkFlood(): void {
    const { flood } = this.output;
    if (flood !== undefined) this.fail(new Http2Error(flood));
  }

  // ── what frames tell ──

  countFrame(dataLength: number): void {
    if (!this.#frames.count(dataLength)) this.halt();
  }

  isIdle(streamId: number): boolean {
    return (streamId & 1) === 0 || streamId > this.highestStreamId;
  }

  onHeaderBlock(
    streamId: number,
    endStream: boolean,
    block: Buffer,
    start: number,
    end: number,
  ): void {
    this.#role.onHeaderBlock(streamId, endStream, block, start, end);
  }

  onPeerSettings(): void {
    this.#opening.onSettings();
    this.#role.onPeerSettings();
  }

  onSettingsAck(): void {
    this.#opening.onSettings();
  }

  onPingAck(bytes: Buffer, at: number): void {
    this.#role.onPingAck(bytes, at);
  }

  onGoaway(goaway: Goaway): void {
    this.#role.onGoaway(goaway);
  }

  resetByPeer(stream: Http2Stream, code: Http2Code): void {
    // A server that has answered whole may not want the rest of the request; its answer holds (RFC 9113 section 8.1).
    if (!this.isServer && stream.isReceived && code === "NO_ERROR") {
      stream.stopSending();
      return;
    }
    this.#remove(stream, "reset-by-peer");
    stream.dispose(Http2Error.resetBy(this.fault, code));
    this.#afterStream();
  }

  // ── streams ──

  addStream(id: number, startedAtMs: number): Http2Stream {
    const { peerInitialWindow, ownInitialWindow } = this.settings;
    const stream = new Http2Stream(id, this, peerInitialWindow, ownInitialWindow, startedAtMs);
    this.streams.add(stream);
    this.guard.onStream();
    this.#watch.onStream();
    return stream;
  }

  holders(): Iterable<Http2Stream> {
    return this.streams.values();
  }

  onStreamReady(stream: Http2Stream): void {
    this.scheduler.add(stream);
    this.touch();
    if (stream.queuedBytes < SEND_SOON_BYTES || this.#willSendSoon) return;
    this.#willSendSoon = true;
    queueMicrotask(this.#sendSoon);
  }

  /** Much does not wait for the end of the turn, in which the memory of much else would have to be kept too. */
  readonly #sendSoon = (): void => {
    this.#willSendSoon = false;
    if (this.#state === "open" && !this.#isFlushing) this.#pump();
  };

  #pump(): void {
    this.#isFlushing = true;
    this.scheduler.pump(this.output);
    this.#isFlushing = false;
  }

  onConsumed(bytes: number): void {
    if (bytes > 0 && !this.options.creditsOnReceipt && this.#state === "open")
      this.receiveWindow.release(bytes);
  }

  openStreamWindow(streamId: number, bytes: number): void {
    if (this.#state === "open") this.output.windowUpdate(streamId, bytes);
  }

  sendTrailers(streamId: number, trailers: FieldView): void {
    const at = this.output.beginHeaders();
    encodeTrailers(scratch, this.encoder, trailers, this.options.dialect);
    this.output.endHeaders(at, streamId, true);
  }

  onStreamClosed(stream: Http2Stream): void {
    this.#remove(stream, "ended");
    this.#afterStream();
  }

  resetStream(stream: Http2Stream, code: Http2Code, error?: PeerError): void {
    if (stream.isOver) return;
    this.#remove(stream, "reset-by-us");
    if (this.#state === "open") this.output.rstStream(stream.id, code);
    stream.dispose(error instanceof Http2Error ? error.by(this.fault) : error);
    this.#afterStream();
  }

  /** Ends a stream of which the peer knows nothing. */
  dropStream(stream: Http2Stream, error: PeerError): void {
    if (stream.isOver) return;
    this.#remove(stream, "reset-by-us");
    stream.dispose(error);
    this.#afterStream();
  }

  /** Refuses a stream that was not added. Throws Http2Error (connection) when there are too many of these. */
  refuseStream(streamId: number, code: Http2Code): void {
    this.closed.add(streamId, "reset-by-us");
    this.output.rstStream(streamId, code);
    this.guard.onReset(this.options.now());
  }

  #remove(stream: Http2Stream, how: Closing): void {
    this.streams.delete(stream.id);
    this.heldHeadBytes -= stream.headBytes;
    this.closed.add(stream.id, how);
    if (this.streams.size === 0) this.#watch.onIdle();
  }

  #afterStream(): void {
    this.#role.onStreamGone();
    if (this.#isEnding) this.#endIfDone();
  }

  /** Streams of which everything has come still tell what they hold. */
  #endStreams(error: PeerError): void {
    const streams = this.streams.values();
    this.streams.clear();
    for (const stream of streams)
      if (!stream.isReceived || (this.isServer && !stream.isSent)) stream.dispose(error);
  }

  // ── ending ──

  onIdleTimeout(): void {
    this.#role.onIdleTimeout();
  }

  /** Only errors of the protocol come out of the codecs; anything else is a bug and must be seen. */
  #failWith(cause: unknown): void {
    if (cause instanceof Http2Error) this.fail(cause.by(this.fault));
    else if (cause instanceof HpackError)
      this.fail(new Http2Error("bad-compression", undefined, cause.message, this.fault));
    else {
      this.fail(new Http2Error("internal", undefined, undefined, "local"));
      throw cause;
    }
  }

  /** The connection is over, for a reason that the peer is told. */
  fail(error: Http2Error): void {
    if (this.#state !== "open") return;
    const ours = error.fault === "local" ? error : error.by(this.fault);
    this.output.goaway(this.isServer ? this.highestStreamId : 0, ours.code, ours.message);
    this.#beOver(ours, ours);
  }

  /** Reads a header block only for the sake of the HPACK tables. */
  skipHeaderBlock(block: Buffer, start: number, end: number): void {
    const { head: limits, dialect } = this.options;
    const to = { limits, dialect, endStream: true, allowsExtendedConnect: false };
    try {
      decodeTrailers(this.decoder, block, start, end, to);
    } catch (cause) {
      if (!(cause instanceof Http2Error) || cause.scope !== "stream") throw cause;
    }
  }

  /** Ends when the last stream is over. */
  endWhenDone(): void {
    this.#isEnding = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.streams.size > 0 || this.#state !== "open") return;
    this.#beOver(undefined, undefined);
  }

  /** `streamError` is what streams under way end with. */
  #beOver(streamError: PeerError | undefined, error: PeerError | undefined): void {
    this.#state = "lingering";
    this.#role.onConnectionOver(error);
    if (streamError !== undefined) this.#endStreams(streamError);
    this.#linger.start();
  }
}
