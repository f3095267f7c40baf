import { unacknowledgedBytes } from "#net/pending-input.ts";
import type { Transport } from "#net/transport.ts";
import type { BodyWriter } from "../body-writer.ts";
import type { ClientExchange, ClientExchangeEvents, FieldView, SendProgress } from "../exchange.ts";

/** What an exchange needs of its connection. */
export interface ClientExchangeHost {
  readonly transport: Transport;
  onRequestSent(): void;
  onAborted(): void;
  onTakenOver(): Transport;
  setResponsePaused(isPaused: boolean): void;
  /** More waits for the server than should. */
  onFull(): void;
}

export class Http1ClientExchange implements ClientExchange {
  readonly method: string;
  readonly upgrade: string;
  readonly events: ClientExchangeEvents;
  bodyBytesReceived = 0;
  /** Set by the connection at the first byte of a response. */
  hasResponse = false;
  isOver = false;
  isRequestSent = false;
  /** The final head said that the connection is a tunnel now. */
  isTunnel = false;
  readonly #host: ClientExchangeHost;
  readonly #body: BodyWriter;
  /** What the transport had handed to the kernel before the first byte of this request. */
  readonly #writtenBefore: number;
  #neverArrived = false;

  constructor(
    method: string,
    upgrade: string,
    events: ClientExchangeEvents,
    host: ClientExchangeHost,
    body: BodyWriter,
  ) {
    this.method = method;
    this.upgrade = upgrade;
    this.events = events;
    this.#host = host;
    this.#body = body;
    this.#writtenBefore = host.transport.bytesWritten;
  }

  get progress(): SendProgress {
    if (this.hasResponse) return "responding";
    if (this.#neverArrived) return "unsent";
    return this.#host.transport.bytesWritten > this.#writtenBefore ? "sent" : "unsent";
  }

  /**
   * The server has ended its side without an answer. A server that ends an idle connection just as we send has not seen the
   * request: its kernel has taken none of it, and hands nothing on any more. (To be asked before the transport is gone.)
   */
  onServerEnd(): void {
    const { transport } = this.#host;
    const sent = transport.bytesWritten - this.#writtenBefore;
    this.#neverArrived = sent > 0 && unacknowledgedBytes(transport) >= sent;
  }

  get bodyBytesSent(): number {
    return this.#body.bytesSent;
  }

  write(slice: Uint8Array): boolean {
    if (this.isOver || this.#body.write(slice)) return true;
    this.#host.onFull();
    return false;
  }

  end(trailers?: FieldView): void {
    if (this.isOver || this.isRequestSent) return;
    this.#body.end(trailers);
    this.isRequestSent = true;
    this.#host.onRequestSent();
  }

  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#host.onAborted();
  }

  pauseResponse(): void {
    if (!this.isOver) this.#host.setResponsePaused(true);
  }

  resumeResponse(): void {
    if (!this.isOver) this.#host.setResponsePaused(false);
  }

  takeOver(): Transport {
    if (!this.isTunnel || this.isOver)
      throw new Error("only a connection that was upgraded, or a CONNECT, can be taken over");
    this.isOver = true;
    return this.#host.onTakenOver();
  }
}
