import type { NetError } from "#net/net-error.ts";
import type { Transport } from "#net/transport.ts";
import { Deadline, type TimerWheel } from "./timer-wheel.ts";

/** A peer is looked at so many times before it has taken nothing for the whole time. */
const LOOKS = 4;

export interface UnreadWatchOptions {
  readonly wheel: TimerWheel;
  /** How long a peer may take nothing of what waits for it. */
  readonly unreadMs: number;
  /** Made only when it is needed. */
  readonly error: () => NetError;
}

/**
 * Gives a connection up whose peer takes nothing while more waits for it than should. Costs nothing on connections that are
 * never full, and one timer per quarter of the time on those that are.
 */
export class UnreadWatch {
  readonly #transport: Transport;
  readonly #options: UnreadWatchOptions;
  readonly #deadline = new Deadline(() => this.#look());
  #writtenBytes = 0;
  #idleLooks = 0;

  constructor(transport: Transport, options: UnreadWatchOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** More waits than should. */
  onFull(): void {
    if (this.#deadline.isArmed) return;
    this.#writtenBytes = this.#transport.bytesWritten;
    this.#idleLooks = 0;
    this.#arm();
  }

  stop(): void {
    this.#options.wheel.cancel(this.#deadline);
  }

  #arm(): void {
    this.#options.wheel.arm(this.#deadline, this.#options.unreadMs / LOOKS);
  }

  #look(): void {
    const { queuedBytes, bytesWritten, isClosed } = this.#transport;
    if (isClosed || queuedBytes === 0) return;
    this.#idleLooks = bytesWritten > this.#writtenBytes ? 0 : this.#idleLooks + 1;
    this.#writtenBytes = bytesWritten;
    if (this.#idleLooks < LOOKS) this.#arm();
    else this.#transport.destroy(this.#options.error());
  }
}
