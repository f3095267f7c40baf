import { Buffer } from "node:buffer";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { Deadline } from "../timer-wheel.ts";
import type { FrameOutput } from "./frame-output.ts";
import type { Http2Options } from "./http2-options.ts";

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
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #deadline = new Deadline(() => this.#look());
  #isWaiting = false;

  constructor(connection: KeptConnection, intervalMs: number, timeoutMs: number) {
    this.#connection = connection;
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
  }

  start(): void {
    this.#connection.options.wheel.arm(this.#deadline, this.#intervalMs);
  }

  stop(): void {
    this.#connection.options.wheel.cancel(this.#deadline);
  }

  #look(): void {
    const connection = this.#connection;
    const { wheel } = connection.options;
    if (connection.hasHeard) {
      connection.hasHeard = false;
      this.#isWaiting = false;
      wheel.arm(this.#deadline, this.#intervalMs);
    } else if (this.#isWaiting) connection.fail(new Http2Error("ping-timeout"));
    else {
      this.#isWaiting = true;
      connection.output.ping(OPAQUE);
      wheel.arm(this.#deadline, this.#timeoutMs);
    }
  }
}
