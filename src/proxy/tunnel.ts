import { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";

/** What a tunnel carried, told once when both sides are closed. */
export interface TunnelEnd {
  /** From the caller to the destination, and back. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly error: NetError | undefined;
  /** Whose connection broke first; undefined after an orderly end of both, or when it was ended here. */
  readonly brokenBy: "downstream" | "upstream" | undefined;
}

/** What one side has already said when a tunnel begins. */
export interface BegunSide {
  readonly early?: Buffer | undefined;
  /** It will say no more. */
  readonly hasEnded?: boolean;
}

/** A tunnel at work. */
export interface Tunnel {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Ends both sides at once. */
  destroy(error: NetError): void;
}

/** Joins two transports: bytes, back-pressure and half-closes pass both ways. Both belong to the tunnel from now on. */
export function openTunnel(
  downstream: Transport,
  upstream: Transport,
  onEnd: (end: TunnelEnd) => void,
  begun: { readonly downstream?: BegunSide; readonly upstream?: BegunSide } = {},
): Tunnel {
  const tunnel = new OpenTunnel(downstream, upstream, onEnd);
  tunnel.begin(begun);
  return tunnel;
}

class OpenTunnel implements Tunnel {
  readonly #downstream: Side;
  readonly #upstream: Side;
  readonly #onEnd: (end: TunnelEnd) => void;
  #open = 2;
  #error: NetError | undefined;
  #brokenBy: TunnelEnd["brokenBy"];

  constructor(downstream: Transport, upstream: Transport, onEnd: (end: TunnelEnd) => void) {
    this.#onEnd = onEnd;
    this.#downstream = new Side(downstream, upstream, (error) => this.#closed("downstream", error));
    this.#upstream = new Side(upstream, downstream, (error) => this.#closed("upstream", error));
  }

  get sentBytes(): number {
    return this.#downstream.bytes;
  }

  get receivedBytes(): number {
    return this.#upstream.bytes;
  }

  begin(begun: { readonly downstream?: BegunSide; readonly upstream?: BegunSide }): void {
    this.#downstream.begin(begun.downstream);
    this.#upstream.begin(begun.upstream);
  }

  destroy(error: NetError): void {
    this.#error ??= error;
    this.#downstream.from.destroy();
    this.#upstream.from.destroy();
  }

  /** An orderly end has told the other side already; a broken one breaks it too. */
  #closed(side: "downstream" | "upstream", error: NetError | undefined): void {
    if (error !== undefined && this.#error === undefined) {
      this.#error = error;
      this.#brokenBy = side;
    }
    const other = side === "downstream" ? this.#upstream : this.#downstream;
    if (error !== undefined && !other.from.isClosed) other.from.reset(error);
    if (--this.#open > 0) return;
    const { sentBytes, receivedBytes } = this;
    this.#onEnd({ sentBytes, receivedBytes, error: this.#error, brokenBy: this.#brokenBy });
  }
}

/** One direction: what `from` says goes to `to`, chunk by chunk as it was read, without a copy. */
class Side implements TransportEvents {
  readonly from: Transport;
  bytes = 0;
  readonly #to: Transport;
  readonly #closed: (error: NetError | undefined) => void;
  #hasEnded = false;

  constructor(from: Transport, to: Transport, closed: (error: NetError | undefined) => void) {
    this.from = from;
    this.#to = to;
    this.#closed = closed;
  }

  begin({ early, hasEnded }: BegunSide = {}): void {
    const hasRoom = early === undefined || this.#forward(early);
    if (hasEnded) this.onEnd();
    this.from.attach(this);
    if (hasRoom) this.from.resume();
    else this.from.pause();
  }

  onData(bytes: Buffer): void {
    if (!this.#forward(bytes)) this.from.pause();
  }

  #forward(bytes: Buffer): boolean {
    this.bytes += bytes.length;
    if (!this.#to.isClosed) return this.#to.write(bytes);
    this.from.destroy();
    return true;
  }

  onEnd(): void {
    this.#hasEnded = true;
    if (!this.#to.isClosed) this.#to.end();
  }

  /** Of `from`, into which the other side writes. */
  onDrain(): void {
    this.#to.resume();
  }

  onClose(error: NetError | undefined): void {
    this.#closed(this.#hasEnded || error !== undefined ? error : new NetError("closed"));
  }
}
