// Memory for octets on their way, kept from one use to the next: what is allocated for each would make the runtime collect
// its garbage all the time.
import { Buffer } from "node:buffer";

const SMALL_BATCH_BYTES = 4 * 1024;
export const BATCH_BYTES = 32 * 1024;
const SPARE_BYTES_MAX = 2 * 1024 * 1024;

/** Batches that nobody uses: at the end of a turn as many are filled as connections have something to say. */
class SpareBatches {
  readonly sizeBytes: number;
  readonly #spare: Buffer[] = [];

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /** One whose content is anything. */
  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.sizeBytes);
  }

  /** The caller must not touch it from now on. */
  giveBack(batch: Buffer): void {
    if (this.#spare.length * this.sizeBytes < SPARE_BYTES_MAX) this.#spare.push(batch);
  }

  drop(): void {
    this.#spare.length = 0;
  }
}

export const smallBatches = new SpareBatches(SMALL_BATCH_BYTES);
export const bigBatches = new SpareBatches(BATCH_BYTES);

/** To whichever it came from. */
export function giveBack(batch: Buffer): void {
  (batch.length === SMALL_BATCH_BYTES ? smallBatches : bigBatches).giveBack(batch);
}

/** For moments without traffic. */
export function dropSpareBatches(): void {
  smallBatches.drop();
  bigBatches.drop();
}
