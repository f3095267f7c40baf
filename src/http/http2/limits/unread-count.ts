import type { Transport } from "#net/transport.ts";

/**
 * Bounds from above how many of the frames that were written still wait in the transport. Frames are counted in two
 * generations; the older is forgotten when everything that was written up to its end is with the kernel.
 */
export class UnreadCount {
  readonly #transport: Transport;
  readonly #limit: number;
  #older = 0;
  #newer = 0;
  /** How much had been written at the end of the older generation. */
  #olderEnd = 0;

  constructor(transport: Transport, limit: number) {
    this.#transport = transport;
    this.#limit = limit;
  }

  /** Counts a frame. False when more wait than the limit. */
  add(): boolean {
    if (++this.#newer * 4 >= this.#limit) this.#turnOver();
    return this.#older + this.#newer <= this.#limit;
  }

  #turnOver(): void {
    const { bytesWritten, queuedBytes } = this.#transport;
    if (queuedBytes > 0 && bytesWritten < this.#olderEnd) return;
    this.#older = queuedBytes === 0 ? 0 : this.#newer;
    this.#newer = 0;
    this.#olderEnd = bytesWritten + queuedBytes;
  }
}
