import { createHash } from "node:crypto";
import type { NetError } from "../../src/net/net-error.ts";
import type { Transport, TransportEvents } from "../../src/net/transport.ts";

/** A receiver that writes down what it was told, and lets a test wait for it. */
export class TransportLog implements TransportEvents {
  readonly transport: Transport;
  /** `data` (repeats are one), `end`, `drain`, `close`, in order. */
  readonly events: string[] = [];
  readonly ended = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<NetError | undefined>();
  receivedBytes = 0;
  readonly #hash = createHash("sha256");
  #text = "";
  #waits: { readonly bytes: number; readonly resolve: () => void }[] = [];
  #drained: (() => void)[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
    transport.attach(this);
  }

  onData(bytes: Buffer): void {
    if (this.events.at(-1) !== "data") this.events.push("data");
    this.receivedBytes += bytes.length;
    this.#hash.update(bytes);
    if (this.#text.length < 4096) this.#text += bytes.toString("latin1");
    for (const { bytes: wanted, resolve } of this.#waits)
      if (this.receivedBytes >= wanted) resolve();
    this.#waits = this.#waits.filter(({ bytes: wanted }) => this.receivedBytes < wanted);
  }

  onEnd(): void {
    this.events.push("end");
    this.ended.resolve();
  }

  onDrain(): void {
    this.events.push("drain");
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  onClose(error: NetError | undefined): void {
    this.events.push("close");
    this.closed.resolve(error);
  }

  /** The first bytes, as latin1. */
  get text(): string {
    return this.#text;
  }

  /** SHA-256 of everything received; once only. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  async received(bytes: number): Promise<void> {
    if (this.receivedBytes >= bytes) return;
    await new Promise<void>((resolve) => this.#waits.push({ bytes, resolve }));
  }

  nextDrain(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Writes pieces with back-pressure, then ends. */
  async send(pieces: Iterable<Uint8Array | string>): Promise<void> {
    for (const piece of pieces) if (!this.transport.write(piece)) await this.nextDrain();
    this.transport.end();
  }
}
