/** Plain bytes over a real socket: what tests use in the place of a client or a server. */
import { connect } from "#net/connect.ts";
import { listen } from "#net/listener.ts";
import type { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";

export class RawPeer implements TransportEvents {
  readonly transport: Transport;
  received = "";
  hasEnded = false;
  isClosed = false;
  error: NetError | undefined = undefined;
  readonly #waiting = new Set<() => void>();

  constructor(transport: Transport) {
    this.transport = transport;
    transport.attach(this);
  }

  static async connect(port: number): Promise<RawPeer> {
    return new RawPeer(await connect({ address: { host: "127.0.0.1", port } }));
  }

  send(text: string): void {
    this.transport.write(text);
  }

  end(): void {
    this.transport.end();
  }

  /** Resolves with everything received once it contains `text`. Rejects when the connection ends before. */
  async until(text: string): Promise<string> {
    await this.#wait(() => this.received.includes(text));
    if (!this.received.includes(text))
      throw new Error(`ended with ${JSON.stringify(this.received)}`);
    return this.received;
  }

  /** Resolves with everything received once the other side has sent its last byte. */
  async untilEnd(): Promise<string> {
    await this.#wait(() => this.hasEnded);
    return this.received;
  }

  onData(bytes: Buffer): void {
    this.received += bytes.toString("latin1");
    this.#wake();
  }

  onEnd(): void {
    this.hasEnded = true;
    this.transport.end();
    this.#wake();
  }

  onDrain(): void {
    this.#wake();
  }

  onClose(error: NetError | undefined): void {
    this.isClosed = true;
    this.hasEnded = true;
    this.error = error;
    this.#wake();
  }

  async #wait(isDone: () => boolean): Promise<void> {
    while (!isDone() && !this.isClosed)
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly peers: readonly RawPeer[];
}

/** Accepts connections and hands them over as they are. */
export async function rawServer(onPeer: (peer: RawPeer) => void): Promise<RawServer> {
  const peers: RawPeer[] = [];
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection: (transport) => {
      const peer = new RawPeer(transport);
      peers.push(peer);
      onPeer(peer);
    },
  });
  return {
    port: listener.address.port,
    peers,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
