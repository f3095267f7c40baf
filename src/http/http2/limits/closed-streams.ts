/** How a stream came to its end, as far as that decides what frames on it mean afterwards. */
export type Closing = "ended" | "reset-by-us" | "reset-by-peer";

/** Which of these ended matters only for the word that a late frame is answered with. */
const ENDED_PLACES = 64;
/** After a reset the peer may go on for a while in good faith. */
const RESET_PLACES = 256;

/** The last numbers that were added, in a ring: adding is cheap, and looking is only for frames that came too late. */
class RecentNumbers {
  readonly #ring: Uint32Array;
  #next = 0;

  constructor(places: number) {
    this.#ring = new Uint32Array(places);
  }

  add(number: number): void {
    this.#ring[this.#next] = number;
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  has(number: number): boolean {
    return this.#ring.includes(number);
  }
}

/** Remembers the last streams that are over, and how. */
export class ClosedStreams {
  readonly #ended = new RecentNumbers(ENDED_PLACES);
  #resetByUs: RecentNumbers | undefined = undefined;
  #resetByPeer: RecentNumbers | undefined = undefined;

  add(streamId: number, closing: Closing): void {
    if (closing === "ended") this.#ended.add(streamId);
    else if (closing === "reset-by-us") {
      this.#resetByUs ??= new RecentNumbers(RESET_PLACES);
      this.#resetByUs.add(streamId);
    } else {
      this.#resetByPeer ??= new RecentNumbers(ENDED_PLACES);
      this.#resetByPeer.add(streamId);
    }
  }

  /** A stream that is over was reset by the peer: what it sends after that is not in good faith, whatever ended the stream. */
  onLateReset(streamId: number): void {
    if (this.find(streamId) === "reset-by-us") this.add(streamId, "reset-by-peer");
  }

  /** Undefined for a stream that was never opened, or has been over for too long. */
  find(streamId: number): Closing | undefined {
    if (this.#resetByPeer?.has(streamId)) return "reset-by-peer";
    if (this.#resetByUs?.has(streamId)) return "reset-by-us";
    return this.#ended.has(streamId) ? "ended" : undefined;
  }
}
