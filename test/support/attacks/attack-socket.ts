// A connection that says what it likes and remembers only the words that matter of what it is told.
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { libc } from "#net/libc.ts";
import { AnswerWords } from "./answer-words.ts";

export interface AttackTarget {
  readonly host: string;
  readonly port: number;
  /** Absent: plaintext. */
  readonly tls?: { readonly context: SecureContext; readonly alpn: readonly string[] };
}

/** What an attacker of the mesh shows. */
export function attackerContext(identity: {
  readonly chainPem: string;
  readonly keyPem: string;
}): SecureContext {
  return createSecureContext({ cert: identity.chainPem, key: identity.keyPem });
}

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_CLOSE = 7;

/** The first byte of Linux's `struct tcp_info` is the connection's state. */
function isTcpClosed(descriptor: number): boolean {
  const info = new Uint8Array(4);
  const length = Uint32Array.of(info.length);
  const result = libc().getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, length);
  return result === 0 && info[0] === TCP_CLOSE;
}

export class AttackSocket {
  readonly words: AnswerWords;
  isClosed = false;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #isDeaf = false;
  #watch: Timer | undefined;
  readonly #gone = Promise.withResolvers<void>();

  private constructor(socket: Socket, speaks: "http1" | "http2") {
    this.#socket = socket;
    this.closed = this.#gone.promise;
    socket.setMaxListeners(0); // who gives up waiting for room leaves his listener
    this.words = new AnswerWords(speaks);
    socket.on("data", (bytes: Buffer) => {
      this.words.take(bytes);
      if (this.#isDeaf) socket.pause(); // only from here does the runtime obey for certain
    });
    socket.on("end", () => {
      this.words.ended();
      socket.end();
    });
    socket.on("error", () => undefined); // `close` follows
    socket.on("close", () => this.#close());
  }

  #close(): void {
    clearInterval(this.#watch);
    if (this.isClosed) return;
    this.isClosed = true;
    this.words.ended();
    this.#gone.resolve();
  }

  /** Throws when the connection or the handshake is refused. */
  static async open(target: AttackTarget, speaks: "http1" | "http2"): Promise<AttackSocket> {
    const { host, port, tls } = target;
    const socket =
      tls === undefined
        ? connectTcp({ host, port, noDelay: true, allowHalfOpen: true })
        : connectTls({
            ...{ host, port, secureContext: tls.context, ALPNProtocols: [...tls.alpn] },
            ...{ rejectUnauthorized: false, checkServerIdentity: () => undefined },
          });
    const opened = Promise.withResolvers<void>();
    socket.once(tls === undefined ? "connect" : "secureConnect", () => opened.resolve());
    socket.once("error", (cause) => opened.reject(cause));
    socket.once("close", () => opened.reject(new Error("closed before it was open")));
    await opened.promise;
    socket.removeAllListeners();
    return new AttackSocket(socket, speaks);
  }

  /** Resolves when there is room for more; false when the connection is gone. */
  async send(...pieces: readonly (Uint8Array | string)[]): Promise<boolean> {
    if (this.isClosed) return false;
    let hasRoom = true;
    for (const piece of pieces)
      hasRoom = this.#socket.write(
        typeof piece === "string" ? Buffer.from(piece, "latin1") : piece,
      );
    if (!hasRoom) await Promise.race([this.#drained(), this.closed]);
    return !this.isClosed;
  }

  /** Sends without asking whether there is room. */
  throwIn(piece: Uint8Array | string): void {
    if (!this.isClosed) this.#socket.write(piece);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#socket.once("drain", resolve));
  }

  /** Reads nothing from now on. */
  stopReading(): void {
    this.#isDeaf = true;
    this.#socket.pause();
    this.#watch ??= setInterval(() => this.#closeWhenGone(), 50);
  }

  /** A paused socket is not told of a reset that one of its own writes has met. */
  #closeWhenGone(): void {
    const { _handle: handle } = this.#socket as unknown as { _handle: { fd: number } | null };
    if (handle !== null && handle.fd >= 0 && !isTcpClosed(handle.fd)) return;
    clearInterval(this.#watch);
    this.readAgain(); // what it was told last waits unread
    setTimeout(() => this.#close(), 50);
  }

  readAgain(): void {
    this.#isDeaf = false;
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    clearInterval(this.#watch);
    this.#socket.destroy();
  }

  /** As a program that is killed: the peer gets a reset. */
  reset(): void {
    clearInterval(this.#watch);
    this.#socket.resetAndDestroy();
  }
}
