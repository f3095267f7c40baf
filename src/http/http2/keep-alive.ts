import { Buffer } from "node:buffer";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { Deadline } from "../timer-wheel.ts";
import type { FrameOutput } from "./frame-output.ts";
import type { Http2Options, KeepAlive } from "./http2-options.ts";

const OPAQUE = Buffer.from("weft-kal", "latin1");

export interface KeptConnection {
  readonly options: Http2Options;
  readonly output: FrameOutput;
  /** Something came since this was last set to false. */
  hasHeard: boolean;
  fail(error: Http2Error): void;
}

/** Finds out by PING that a silent peer is gone. Anything that comes counts as its answer. */
export class PingKeeper {
  readonly #connection: KeptConnection;
  readonly #keepAlive: KeepAlive;
  readonly #deadline = new Deadline(() => this.#look());
  #isWaiting = false;

  constructor(connection: KeptConnection, keepAlive: KeepAlive) {
    this.#connection = connection;
    this.#keepAlive = keepAlive;
  }

  start(): void {
    const { intervalMs } = this.#keepAlive;
    if (intervalMs !== undefined) this.#connection.options.wheel.arm(this.#deadline, intervalMs);
  }

  stop(): void {
    this.#connection.options.wheel.cancel(this.#deadline);
  }

  /** A request is about to go out on a connection that had none for `idleMs`. */
  onUsedAfter(idleMs: number): void {
    const { idleIntervalMs } = this.#keepAlive;
    if (idleIntervalMs === undefined || idleMs < idleIntervalMs || this.#isWaiting) return;
    this.#connection.hasHeard = false;
    this.#ask();
  }

  #ask(): void {
    const { options, output } = this.#connection;
    this.#isWaiting = true;
    output.ping(OPAQUE);
    options.wheel.arm(this.#deadline, this.#keepAlive.timeoutMs);
  }

  #look(): void {
    const connection = this.#connection;
    if (connection.hasHeard) {
      connection.hasHeard = false;
      this.#isWaiting = false;
      this.start();
    } else if (this.#isWaiting) connection.fail(new Http2Error("ping-timeout"));
    else this.#ask();
  }
}
