import { Buffer } from "node:buffer";
import { MAX_STREAM_ID } from "#wire/http2/frame-header.ts";
import { Deadline } from "../timer-wheel.ts";
import type { Http2Connection } from "./connection.ts";

/** Tells the PING between the two steps from those of keep-alive. */
const OPAQUE = Buffer.from("weft-end", "latin1");

/**
 * The end of a server's connection in order (RFC 9113 section 6.8): a GOAWAY that refuses nothing, a PING, and when its
 * answer shows that the client has seen the first, the GOAWAY that names the last stream. No request is lost on the way.
 */
export class GracefulEnd {
  readonly #connection: Http2Connection;
  #deadline: Deadline | undefined = undefined;
  #hasBegun = false;
  /** Streams above it are refused. */
  #lastStreamId = MAX_STREAM_ID;

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  begin(): void {
    const { output, options, isOpen } = this.#connection;
    if (this.#hasBegun || !isOpen) return;
    this.#hasBegun = true;
    output.goaway(MAX_STREAM_ID, "NO_ERROR");
    output.ping(OPAQUE);
    this.#deadline = new Deadline(() => this.#finish());
    options.wheel.arm(this.#deadline, options.drainPingMs);
  }

  refuses(streamId: number): boolean {
    return streamId > this.#lastStreamId;
  }

  onPingAck(bytes: Uint8Array, at: number): void {
    if (this.#deadline?.isArmed !== true) return;
    for (let i = 0; i < OPAQUE.length; i++) if (bytes[at + i] !== OPAQUE[i]) return;
    this.#finish();
  }

  stop(): void {
    if (this.#deadline !== undefined) this.#connection.options.wheel.cancel(this.#deadline);
  }

  #finish(): void {
    const connection = this.#connection;
    this.stop();
    if (!connection.isOpen) return;
    this.#lastStreamId = connection.highestStreamId;
    connection.output.goaway(this.#lastStreamId, "NO_ERROR");
    connection.endWhenDone();
  }
}
