// Servers that break HTTP. Which way is said by the attack of the moment; each request that comes is served by it.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { settings } from "#http/http2/testing/raw-frames.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { PREFACE } from "#wire/http2/preface.ts";

const HEADER_BYTES = 9;
const ACK = 1;

/** The connection that a request came by. */
export interface HostileSocket {
  /** 0 in HTTP/1. */
  readonly streamId: number;
  readonly isClosed: boolean;
  send(bytes: Uint8Array | string): void;
  /** The same again and again, as fast as it is taken, until the connection ends. */
  pour(bytes: Uint8Array | string): void;
  /** The same at intervals. */
  drip(bytes: Uint8Array | string, everyMs: number): void;
  stopReading(): void;
  end(): void;
  reset(): void;
}

export type ServeBadly = (socket: HostileSocket) => void;

/** One that speaks HTTP/1 and one that speaks HTTP/2, on free ports. */
export class HostileUpstream implements AsyncDisposable {
  /** What requests are met with from now on. */
  behaviour: ServeBadly = (socket) => socket.reset();
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();

  private constructor() {
    const accept = (onData: (socket: Socket) => (bytes: Buffer) => void) =>
      createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
        socket.on("error", () => undefined); // `close` follows
        socket.on("end", () => socket.end());
        socket.on("data", onData(socket));
      });
    this.#servers = [
      accept((socket) => this.#readHeads(socket)),
      accept((socket) => this.#readFrames(socket)),
    ];
  }

  static async open(): Promise<HostileUpstream> {
    const upstream = new HostileUpstream();
    for (const server of upstream.#servers)
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return upstream;
  }

  /** Of HTTP/1 and of HTTP/2. */
  get ports(): readonly [number, number] {
    const [first = 0, second = 0] = this.#servers.map(
      (server) => (server.address() as AddressInfo).port,
    );
    return [first, second];
  }

  /** Ends what connections of an earlier attack are left. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    for (const server of this.#servers)
      await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #readHeads(socket: Socket): (bytes: Buffer) => void {
    let tail = "";
    return (bytes) => {
      const text = tail + bytes.toString("latin1");
      const heads = text.split("\r\n\r\n").length - 1;
      tail = heads === 0 ? text.slice(-3) : "";
      if (heads > 0) this.behaviour(hostileSocket(socket, 0));
    };
  }

  #readFrames(socket: Socket): (bytes: Buffer) => void {
    let held: Buffer = Buffer.alloc(0);
    let isGreeted = false;
    socket.write(settings());
    return (bytes) => {
      held = Buffer.concat([held, bytes]);
      if (!isGreeted && held.length >= PREFACE.length) {
        held = held.subarray(PREFACE.length);
        isGreeted = true;
      }
      while (isGreeted && held.length >= HEADER_BYTES) {
        const end = HEADER_BYTES + held.readUIntBE(0, 3);
        if (held.length < end) return;
        this.#onFrame(socket, held.subarray(0, end));
        held = held.subarray(end);
      }
    };
  }

  #onFrame(socket: Socket, frame: Buffer): void {
    const type = frame[3];
    const isAck = ((frame[4] ?? 0) & ACK) !== 0;
    if (type === FRAME.headers) this.behaviour(hostileSocket(socket, frame.readUInt32BE(5)));
    else if ((type === FRAME.settings || type === FRAME.ping) && !isAck) {
      const answer = Buffer.from(type === FRAME.settings ? frame.subarray(0, HEADER_BYTES) : frame);
      if (type === FRAME.settings) answer.writeUIntBE(0, 0, 3);
      answer[4] = ACK;
      socket.write(answer);
    }
  }
}

function hostileSocket(socket: Socket, streamId: number): HostileSocket {
  const send = (bytes: Uint8Array | string): boolean =>
    !socket.destroyed &&
    socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  return {
    streamId,
    get isClosed() {
      return socket.destroyed;
    },
    send: (bytes) => void send(bytes),
    pour(bytes) {
      const piece = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
      const more = (): void => {
        if (socket.destroyed) return;
        if (socket.write(piece)) setImmediate(more);
        else socket.once("drain", more);
      };
      more();
    },
    drip(bytes, everyMs) {
      const timer = setInterval(() => {
        if (socket.destroyed) clearInterval(timer);
        else send(bytes);
      }, everyMs);
    },
    stopReading: () => void socket.pause(),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}
