import { ResumedTransport } from "#http/resumed-transport.ts";
import type { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { classify } from "./classify.ts";

/** What is done with a connection once its first bytes are known. */
export interface DetectionResult {
  /** HTTP/1: nothing has been read from the transport's new owner's view. */
  onHttp(transport: Transport): void;
  /** Anything else, or silence for so long that the server may be the one to speak first. */
  onOther(transport: Transport): void;
}

/** How a timer is started; the result stops it. */
export type After = (delayMs: number, callback: () => void) => () => void;

/**
 * Looks at the first bytes of a connection. A caller that stays silent for `silenceMs` waits for the server to speak (a
 * database's protocol, for example), and is passed on as it is.
 */
export function detectProtocol(
  transport: Transport,
  silenceMs: number,
  after: After,
  result: DetectionResult,
): void {
  new Detection(transport, silenceMs, after, result);
}

class Detection implements TransportEvents {
  readonly #transport: Transport;
  readonly #result: DetectionResult;
  readonly #stopTimer: () => void;
  #early: Buffer = Buffer.alloc(0);
  #hasEnded = false;

  constructor(transport: Transport, silenceMs: number, after: After, result: DetectionResult) {
    this.#transport = transport;
    this.#result = result;
    this.#stopTimer = after(silenceMs, () => this.#decide(false));
    transport.attach(this);
  }

  onData(bytes: Buffer): void {
    this.#early = this.#early.length === 0 ? bytes : Buffer.concat([this.#early, bytes]);
    const found = classify(this.#early);
    if (found !== "undecided") this.#decide(found === "http1");
  }

  /** A caller that ends before it has said anything useful has nothing to be served. */
  onEnd(): void {
    this.#hasEnded = true;
    this.#stopTimer();
    this.#transport.destroy();
  }

  onDrain(): void {
    // nothing is written here
  }

  onClose(_error: NetError | undefined): void {
    this.#stopTimer();
  }

  #decide(isHttp: boolean): void {
    this.#stopTimer();
    if (this.#hasEnded || this.#transport.isClosed) return;
    const transport = this.#handOver();
    if (isHttp) this.#result.onHttp(transport);
    else this.#result.onOther(transport);
  }

  #handOver(): Transport {
    if (this.#early.length === 0) return this.#transport;
    this.#transport.pause();
    return new ResumedTransport(this.#transport, this.#early);
  }
}
