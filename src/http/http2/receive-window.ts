import { Http2Error } from "#wire/http2/http2-error.ts";

/** What RFC 9113 gives every connection at first; it cannot be made smaller. */
const INITIAL_BYTES = 65_535;

/** What the peer may send on all streams together. */
export class ReceiveWindow {
  readonly #sizeBytes: number;
  readonly #open: (bytes: number) => void;
  #left = INITIAL_BYTES;
  #unacknowledged = 0;

  /** `open` tells the peer by WINDOW_UPDATE. */
  constructor(sizeBytes: number, open: (bytes: number) => void) {
    this.#sizeBytes = Math.max(INITIAL_BYTES, sizeBytes);
    this.#open = open;
  }

  /** Makes the window as large as it is to be; once, after our settings. */
  announce(): void {
    const more = this.#sizeBytes - INITIAL_BYTES;
    if (more === 0) return;
    this.#left += more;
    this.#open(more);
  }

  /** Throws Http2Error (connection) when the peer sends more than it may. */
  receive(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new Http2Error("window-exceeded");
  }

  /** The bytes need no room any more. */
  release(bytes: number): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged * 2 < this.#sizeBytes) return;
    this.#left += this.#unacknowledged;
    this.#open(this.#unacknowledged);
    this.#unacknowledged = 0;
  }
}
