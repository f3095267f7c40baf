import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { descriptorOf, socketDescriptorsMax } from "./file-limit.ts";
import { NetError } from "./net-error.ts";
import { readTlsFacts, type VerifyPeer } from "./peer-verification.ts";
import { addressText } from "./socket-address.ts";
import { connectFailure, handshakeFailure } from "./socket-failure.ts";
import { DEFAULT_WATERMARKS, SOCKET_OPTIONS, type Watermarks } from "./socket-transport.ts";
import type { TlsContext } from "./tls-context.ts";
import type { SocketAddress, TlsFacts, Transport } from "./transport.ts";
import { streamKind, transportOver } from "./transport-over.ts";

export interface ClientTls {
  /** Shared by all connections of one identity and version. */
  readonly context: TlsContext;
  /** Sent to the server; undefined for none. An IP address is never sent. */
  readonly serverName: string | undefined;
  /** In the order of preference; empty: none is asked for. */
  readonly alpn: readonly string[];
  /** Says who the server is, or throws because it is the wrong one. The runtime's own check is not used. */
  readonly verifyPeer: VerifyPeer;
}

export interface ConnectOptions {
  /** A name is looked up; `path` is a Unix socket. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly tls?: ClientTls;
  /** Until TCP stands. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  readonly watermarks?: Watermarks;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 10_000;

/**
 * Opens a connection; it reads nothing before somebody is attached. Throws NetError: `connect-refused`,
 * `connect-timeout`, `connect-unreachable`, `connect-failed`, `dns-failed`, `too-many-files`, `tls-handshake-failed`,
 * `tls-handshake-timeout`, `peer-refused` (with what `verifyPeer` threw as cause), or `drained` when given up.
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  await streamKind();
  return new Promise((resolve, reject) => {
    new Dialling(options, resolve, reject).start();
  });
}

/** One attempt: the deadline, the abort signal and the socket race, and the first one to end it wins. */
class Dialling {
  readonly #options: ConnectOptions;
  readonly #resolve: (transport: Transport) => void;
  readonly #reject: (error: NetError) => void;
  readonly #at: string;
  readonly #socket: Socket;
  #secured: TLSSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(
    options: ConnectOptions,
    resolve: (transport: Transport) => void,
    reject: (error: NetError) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    const { address } = options;
    this.#at = "path" in address ? address.path : addressText(address.host, address.port);
    this.#socket = connectSocket({ ...address, ...SOCKET_OPTIONS, allowHalfOpen: true });
  }

  start(): void {
    const { signal, connectTimeoutMs = TIMEOUT_MS } = this.#options;
    this.#expect("connect-timeout", connectTimeoutMs);
    this.#socket.on("error", this.#onError);
    this.#socket.once("connect", this.#onConnect);
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  #expect(code: "connect-timeout" | "tls-handshake-timeout", timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#fail(new NetError(code, `${this.#at} (${timeoutMs} ms)`)),
      timeoutMs,
    );
  }

  readonly #onConnect = (): void => {
    const { tls, handshakeTimeoutMs = TIMEOUT_MS } = this.#options;
    if (descriptorOf(this.#socket) >= socketDescriptorsMax())
      this.#fail(new NetError("too-many-files", this.#at));
    else if (tls === undefined) this.#succeed(this.#socket, undefined);
    else {
      this.#expect("tls-handshake-timeout", handshakeTimeoutMs);
      this.#secured = this.#secure(tls);
    }
  };

  #secure({ context, serverName, alpn }: ClientTls): TLSSocket {
    const socket = connectTls({
      socket: this.#socket,
      secureContext: context.client,
      rejectUnauthorized: false, // the verdict is `verifyPeer`'s
      checkServerIdentity: () => undefined,
      ...(serverName !== undefined && { servername: serverName }),
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      ...{ allowHalfOpen: true }, // understood, but missing in the declared options
    });
    socket.on("error", this.#onError);
    socket.once("close", this.#onClose);
    socket.once("secureConnect", () => this.#judge(socket));
    return socket;
  }

  #judge(socket: TLSSocket): void {
    const { tls } = this.#options;
    if (tls === undefined || this.#isOver) return;
    socket.pause();
    try {
      const plan = { verifyPeer: tls.verifyPeer, isRequired: true };
      this.#succeed(socket, readTlsFacts(socket, plan, tls.serverName ?? ""));
    } catch (cause) {
      this.#onError(cause);
    }
  }

  readonly #onError = (cause: unknown): void => {
    const isSecuring = this.#secured !== undefined;
    this.#fail((isSecuring ? handshakeFailure : connectFailure)(cause, this.#at));
  };

  readonly #onClose = (): void =>
    this.#fail(new NetError("tls-handshake-failed", `${this.#at} (the server went away)`));

  readonly #onAbort = (): void => this.#fail(new NetError("drained", `${this.#at} was given up`));

  #succeed(socket: Socket, tls: TlsFacts | undefined): void {
    if (!this.#finish()) return;
    socket.off("close", this.#onClose);
    const { watermarks = DEFAULT_WATERMARKS } = this.#options;
    const local = { host: this.#socket.localAddress ?? "", port: this.#socket.localPort ?? 0 };
    const remote = this.#remote();
    this.#resolve(transportOver(socket, { tls, remote, local, watermarks }));
  }

  #remote(): SocketAddress {
    const { address } = this.#options;
    if ("path" in address) return { host: "", port: 0, path: address.path };
    return { host: this.#socket.remoteAddress ?? address.host, port: address.port };
  }

  /** Its error listeners stay on the sockets, so that a late error has somebody to hear it. */
  #fail(error: NetError): void {
    if (!this.#finish()) return;
    this.#secured?.destroy();
    this.#socket.destroy();
    this.#reject(error);
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    return true;
  }
}
