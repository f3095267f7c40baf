import type { ClientExchange, FieldView } from "#http/exchange.ts";

/**
 * What has arrived of a request's body: held while there is no connection to send it on, and, up to a limit, kept for
 * another try.
 */
export class RequestBody {
  readonly #replayBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #mayReplay = true;
  isComplete = false;
  trailers: FieldView | undefined = undefined;

  /** `replayBytes`: so much is kept for another try. */
  constructor(replayBytes: number) {
    this.#replayBytes = replayBytes;
  }

  /** All that was sent so far could be sent again. */
  get mayReplay(): boolean {
    return this.#mayReplay;
  }

  reset(): void {
    this.#forget();
    this.#mayReplay = true;
    this.isComplete = false;
    this.trailers = undefined;
  }

  /** `isWaiting`: nobody has got this piece yet, so it is held whatever its size. */
  hold(slice: Uint8Array, isWaiting: boolean): void {
    if (!this.#mayReplay && !isWaiting) return;
    this.#chunks.push(slice);
    this.#heldBytes += slice.length;
    if (this.#heldBytes <= this.#replayBytes) return;
    this.#mayReplay = false;
    if (!isWaiting) this.#forget();
  }

  /** Sends what is held. False: the upstream is full. */
  sendTo(upstream: ClientExchange): boolean {
    let hasRoom = true;
    for (const chunk of this.#chunks) hasRoom = upstream.write(chunk);
    if (!this.#mayReplay) this.#forget();
    return hasRoom;
  }

  /** No further try will be made. */
  stopKeeping(): void {
    this.#mayReplay = false;
    this.#forget();
  }

  #forget(): void {
    if (this.#chunks.length > 0) this.#chunks.length = 0;
    this.#heldBytes = 0;
  }
}
