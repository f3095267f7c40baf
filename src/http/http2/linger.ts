import type { Transport } from "#net/transport.ts";
import { Deadline } from "../timer-wheel.ts";
import type { Http2Options } from "./http2-options.ts";

/** Discarded from a connection that is over, before it is cut. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/**
 * Sends what is queued and our FIN, then reads on for a moment, since a reset could eat what was sent last. As long as
 * the peer takes something, it gets the time to take all.
 */
export class Linger {
  readonly #transport: Transport;
  readonly #options: Http2Options;
  readonly #deadline = new Deadline(() => this.#look());
  #discardedBytes = 0;
  #writtenBytes = 0;

  constructor(transport: Transport, options: Http2Options) {
    this.#transport = transport;
    this.#options = options;
  }

  start(): void {
    this.#writtenBytes = this.#transport.bytesWritten;
    this.#transport.end();
    this.#options.wheel.arm(this.#deadline, this.#options.lingerMs);
  }

  stop(): void {
    this.#options.wheel.cancel(this.#deadline);
  }

  discard(bytes: number): void {
    this.#discardedBytes += bytes;
    if (this.#discardedBytes > MAX_DISCARDED_BYTES) this.#transport.destroy();
  }

  #look(): void {
    const { bytesWritten, queuedBytes } = this.#transport;
    if (queuedBytes > 0 && bytesWritten > this.#writtenBytes) {
      this.#writtenBytes = bytesWritten;
      this.#options.wheel.arm(this.#deadline, this.#options.lingerMs);
    } else this.#transport.destroy();
  }
}
