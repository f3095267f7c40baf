import { Http2Error } from "#wire/http2/http2-error.ts";
import {
  decodeSettings,
  decodeSettingsAck,
  type ReceivedSettings,
  type Settings,
} from "#wire/http2/settings.ts";
import type { Http2Options } from "./http2-options.ts";

const INITIAL_WINDOW = 65_535;
/** Before the peer has said how many streams it lets us open. */
const ASSUMED_STREAMS = 100;

/** What each side has asked of the other, and what is in force by now. */
export class SettingsExchange {
  readonly announced: Settings;
  /** The peer's first settings have come. */
  hasPeer = false;
  hasAck = false;
  peerInitialWindow = INITIAL_WINDOW;
  peerMaxFrame = 16_384;
  peerMaxStreams = ASSUMED_STREAMS;
  peerAllowsConnect = false;
  /** Ours, smaller than the default only once the peer has acknowledged it. */
  ownInitialWindow: number;
  readonly #isServer: boolean;

  constructor(options: Http2Options, isServer: boolean) {
    this.#isServer = isServer;
    this.announced = {
      headerTableSize: options.headerTableBytes,
      initialWindowSize: options.streamWindowBytes,
      maxFrameSize: options.maxFrameBytes,
      maxHeaderListSize: options.head.maxBytes,
      ...(isServer
        ? {
            maxConcurrentStreams: options.maxConcurrentStreams,
            enableConnectProtocol: options.allowsExtendedConnect,
          }
        : { enablePush: false }),
    };
    this.ownInitialWindow = Math.max(INITIAL_WINDOW, options.streamWindowBytes);
  }

  /** Takes the peer's settings over. Returns them, and by how much the windows of open streams grow. Throws Http2Error. */
  receive(bytes: Uint8Array, start: number, end: number): ReceivedSettings & { grownBy: number } {
    const settings = decodeSettings(bytes, start, end);
    if (!this.#isServer && settings.enablePush === true)
      throw new Http2Error("bad-setting", undefined, "ENABLE_PUSH of a server");
    if (this.peerAllowsConnect && settings.enableConnectProtocol === false)
      throw new Http2Error("bad-setting", undefined, "ENABLE_CONNECT_PROTOCOL taken back");
    if (!this.hasPeer) this.peerMaxStreams = Number.POSITIVE_INFINITY;
    this.hasPeer = true;
    const before = this.peerInitialWindow;
    this.peerInitialWindow = settings.initialWindowSize ?? before;
    this.peerMaxFrame = settings.maxFrameSize ?? this.peerMaxFrame;
    this.peerMaxStreams = settings.maxConcurrentStreams ?? this.peerMaxStreams;
    this.peerAllowsConnect = settings.enableConnectProtocol ?? this.peerAllowsConnect;
    return { ...settings, grownBy: this.peerInitialWindow - before };
  }

  /** The peer has acknowledged ours. Returns by how much the windows of open streams shrink. Throws Http2Error. */
  onAck(start: number, end: number): number {
    decodeSettingsAck(start, end);
    if (this.hasAck) return 0;
    this.hasAck = true;
    const before = this.ownInitialWindow;
    this.ownInitialWindow = this.announced.initialWindowSize ?? before;
    return before - this.ownInitialWindow;
  }
}
