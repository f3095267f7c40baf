import { Http2Error } from "#wire/http2/http2-error.ts";
import { Deadline } from "../timer-wheel.ts";
import type { Http2Options } from "./http2-options.ts";
import type { SettingsExchange } from "./settings-exchange.ts";

export interface OpeningConnection {
  readonly options: Http2Options;
  readonly settings: SettingsExchange;
  fail(error: Http2Error): void;
}

/** What has to come in time: the peer's first settings, the acknowledgement of ours, and the rest of what was begun. */
export class OpeningDeadlines {
  readonly #connection: OpeningConnection;
  readonly #opening = new Deadline(() => this.#openingIsLate());
  #head: Deadline | undefined = undefined;

  constructor(connection: OpeningConnection) {
    this.#connection = connection;
  }

  start(): void {
    const { wheel, prefaceTimeoutMs } = this.#connection.options;
    wheel.arm(this.#opening, prefaceTimeoutMs);
  }

  stop(): void {
    const { wheel } = this.#connection.options;
    wheel.cancel(this.#opening);
    if (this.#head !== undefined) wheel.cancel(this.#head);
  }

  /** Settings or their acknowledgement have come. */
  onSettings(): void {
    const { settings, options } = this.#connection;
    if (settings.hasAck) options.wheel.cancel(this.#opening);
    else options.wheel.arm(this.#opening, options.settingsTimeoutMs);
  }

  /** A frame or a header block has begun and is not whole, or nothing is under way. */
  onUnderWay(isUnderWay: boolean): void {
    if (!isUnderWay && this.#head === undefined) return;
    const { wheel, headTimeoutMs } = this.#connection.options;
    const head = this.#head ?? this.#makeHead();
    if (!isUnderWay) wheel.cancel(head);
    else if (!head.isArmed) wheel.arm(head, headTimeoutMs);
  }

  #makeHead(): Deadline {
    this.#head = new Deadline(() => this.#fail("head-timeout"));
    return this.#head;
  }

  #openingIsLate(): void {
    this.#fail(this.#connection.settings.hasPeer ? "settings-timeout" : "preface-timeout");
  }

  #fail(reason: "head-timeout" | "settings-timeout" | "preface-timeout"): void {
    this.#connection.fail(new Http2Error(reason, "connection"));
  }
}
