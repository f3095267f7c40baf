// Accepts connections and makes transports of them:
//
//   accepted ──plain───────────────────────────────► transport
//      │  └──either──► first byte ──not TLS────────► transport
//      │                  │ TLS (or mode tls)
//      └──too many        └──► handshake ──► peer verified ──► transport
//         ▼                        ▼              ▼
//       refused ◄──────────────────┴──────────────┘

import { createServer, type Server, type Socket } from "node:net";
import { type Place, Roster } from "#core/roster.ts";
import { acceptTls, type ServerTls } from "./accept-tls.ts";
import { descriptorOf, socketDescriptorsMax } from "./file-limit.ts";
import { type ClientHello, readFirstTlsMessage } from "./first-tls-message.ts";
import { duplicateDescriptor } from "./listening-socket.ts";
import { DEAF, type NativeSocket, takeAccepted } from "./native-socket.ts";
import { NativeTransport } from "./native-transport.ts";
import { NetError } from "./net-error.ts";
import { addressText } from "./socket-address.ts";
import { listenFailure, openFailure } from "./socket-failure.ts";
import {
  DEFAULT_WATERMARKS,
  SOCKET_OPTIONS,
  SocketTransport,
  type Watermarks,
} from "./socket-transport.ts";
import type { SocketAddress, TlsFacts, Transport } from "./transport.ts";
import { streamKind, transportOver } from "./transport-over.ts";

export type ListenAddress =
  | { readonly host: string; readonly port: number }
  /** Of a listening socket that this process inherited. It is closed with the listener. */
  | { readonly fd: number }
  | { readonly path: string };

export type ListenMode = "plain" | "tls" | "either";

export interface ListenOptions {
  readonly address: ListenAddress;
  /** `either` looks at the first byte of a connection: TLS or not. `plain` waits for nothing. */
  readonly mode: ListenMode;
  /** Asked for every handshake, so that a new certificate or trust bundle holds from the next one on. */
  tls?(): ServerTls;
  /** The transport reads nothing until somebody is attached. */
  onConnection(transport: Transport): void;
  /** A connection that never became a transport, and why. */
  onRefused?(error: NetError, remote: SocketAddress): void;
  /** Default 10,000. */
  readonly connectionsMax?: number;
  /** Asked for every connection: why it may not come in, for reasons beyond this listener. */
  admit?(): NetError | undefined;
  /** Time to the first byte in modes `tls` and `either`. Default 10 s. */
  readonly detectionTimeoutMs?: number;
  /** What a client that stays silent for that long is in mode `either`: broken, or waiting for the server to speak. */
  readonly onSilence?: "close" | "plain";
  /** From the first byte to the end of the handshake. Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Asked in mode `either` when a client begins with TLS. The result says by its first message whether that is meant for
   * somebody behind us: then the connection is handed on as it is, its first bytes unread. Undefined: it never is.
   */
  foreignTls?(): ((hello: ClientHello) => boolean) | undefined;
  readonly watermarks?: Watermarks;
}

export interface Listener extends AsyncDisposable {
  /** What is listened at; of an inherited fd as the kernel tells. */
  readonly address: SocketAddress;
  /** Handshakes under way included. */
  readonly connectionCount: number;
  /** How connections are treated from the next one on. */
  setMode(mode: ListenMode): void;
  /** Stops accepting; open connections stay. Twice is harmless. */
  close(): void;
  /** Stops accepting; resolves when every connection is over. What is left after `deadlineMs` is reset. */
  drained(deadlineMs: number): Promise<void>;
}

const CONNECTIONS_MAX = 10_000;
const TIMEOUT_MS = 10_000;
/** First byte of a TLS record that holds a handshake message. */
const TLS_HANDSHAKE = 22;

/**
 * Listens. Throws NetError `address-in-use`, `address-denied`, `address-unavailable`, `too-many-files` or
 * `listen-failed`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const listener = new SocketListener(options);
  await listener.open();
  return listener;
}

/** A connection that is open, with its transport once it has one. */
class Accepted<S extends Socket | NativeSocket = Socket | NativeSocket> {
  readonly socket: S;
  readonly remote: SocketAddress;
  readonly place: Place<Accepted>;
  transport: Transport | undefined = undefined;

  constructor(socket: S, remote: SocketAddress, open: Roster<Accepted>) {
    this.socket = socket;
    this.remote = remote;
    this.place = open.add(this);
  }
}

class SocketListener implements Listener {
  readonly #options: ListenOptions;
  #server: Server;
  /** Plaintext only, of which no first byte is looked at: accepted without node streams. */
  #isNative = false;
  readonly #open = new Roster<Accepted>();
  readonly #drained = Promise.withResolvers<void>();
  #mode: ListenMode;
  #isClosed = false;
  address: SocketAddress = { host: "", port: 0 };

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#mode = options.mode;
    this.#server = this.#newServer();
  }

  #newServer(): Server {
    return createServer({ ...SOCKET_OPTIONS, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
  }

  get connectionCount(): number {
    return this.#open.size;
  }

  async open(): Promise<void> {
    const { address } = this.#options;
    const kind = await streamKind();
    const opened = Promise.withResolvers<void>();
    this.#server.once("error", (cause) => opened.reject(listenFailure(cause, textOf(address))));
    this.#server.listen({ ...address, backlog: 4096 }, opened.resolve);
    if (kind === "native" && this.#mode === "plain" && !("path" in address))
      this.#isNative = takeAccepted(this.#server, (socket) => this.#acceptNative(socket));
    await opened.promise;
    this.address = addressOf(this.#server);
  }

  setMode(mode: ListenMode): void {
    this.#mode = mode;
    if (this.#isNative && mode !== "plain" && !this.#isClosed) this.#leaveNative();
  }

  /** Another server takes the listening socket over, so that first bytes can be looked at. No connection is lost. */
  #leaveNative(): void {
    const fd = duplicateDescriptor(descriptorOf(this.#server));
    const next = this.#newServer();
    next.listen({ fd });
    this.#server.close();
    this.#server = next;
    this.#isNative = false;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.close();
    if (this.#open.size === 0) this.#drained.resolve();
  }

  async drained(deadlineMs: number): Promise<void> {
    this.close();
    const timer = setTimeout(() => this.#destroyAll(), deadlineMs);
    await this.#drained.promise;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#destroyAll();
    return this.#drained.promise;
  }

  #destroyAll(): void {
    for (const { socket, transport } of this.#open.values())
      if (transport) transport.reset(new NetError("drained"));
      else if ("destroy" in socket) socket.destroy();
  }

  #acceptNative(socket: NativeSocket): void {
    const { watermarks = DEFAULT_WATERMARKS, onConnection, onRefused } = this.#options;
    const remote = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    const refusal = this.#refusalOf(socket.fd);
    if (refusal !== undefined) {
      socket.data = DEAF;
      socket.close();
      onRefused?.(refusal, remote);
      return;
    }
    socket.setNoDelay(SOCKET_OPTIONS.noDelay);
    socket.setKeepAlive(SOCKET_OPTIONS.keepAlive, SOCKET_OPTIONS.keepAliveInitialDelay);
    const local = { host: socket.localAddress ?? "", port: socket.localPort ?? 0 };
    const accepted = new Accepted(socket, remote, this.#open);
    const onGone = () => this.#forget(accepted);
    const options = { tls: undefined, remote, local, watermarks, onGone };
    const transport = new NativeTransport(socket, options);
    socket.data = transport;
    accepted.transport = transport;
    onConnection(transport);
  }

  #accept(socket: Socket): void {
    const remote = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    const refusal = this.#refusalOf(descriptorOf(socket));
    if (refusal !== undefined) {
      socket.on("error", ignore); // nobody is interested any more
      socket.destroy();
      this.#options.onRefused?.(refusal, remote);
      return;
    }
    const accepted = new Accepted(socket, remote, this.#open);
    socket.once("close", () => this.#forget(accepted));
    if (this.#mode === "plain") this.#plain(accepted);
    else this.#detect(accepted);
  }

  #refusalOf(descriptor: number): NetError | undefined {
    if (this.#isClosed) return new NetError("drained");
    const connectionsMax = this.#options.connectionsMax ?? CONNECTIONS_MAX;
    if (this.#open.size >= connectionsMax)
      return new NetError("too-many-connections", `${connectionsMax} are open`);
    if (descriptor >= socketDescriptorsMax()) return new NetError("too-many-files");
    return this.#options.admit?.();
  }

  #forget({ place }: Accepted): void {
    this.#open.remove(place);
    if (this.#isClosed && this.#open.size === 0) this.#drained.resolve();
  }

  /** Before the first byte nothing says whether the client speaks TLS; nothing is written to it before that either. */
  #detect(accepted: Accepted<Socket>): void {
    const { socket, remote } = accepted;
    const { detectionTimeoutMs = TIMEOUT_MS, onSilence } = this.#options;
    const stop = () => {
      clearTimeout(timer);
      socket.off("data", onFirst).off("error", onGone).off("end", onGone).pause();
    };
    const onFirst = (bytes: Buffer) => {
      stop();
      const isTls = bytes[0] === TLS_HANDSHAKE;
      const isForeign = isTls ? this.#foreignTls() : undefined;
      if (isForeign !== undefined) {
        this.#askFirstMessage(accepted, bytes, isForeign);
        return;
      }
      socket.unshift(bytes);
      this.#decide(accepted, isTls);
    };
    const onGone = (cause?: Error) => {
      stop();
      const error = cause ? openFailure(cause, textOf(remote)) : new NetError("closed");
      this.#refuse(accepted, error);
    };
    const timer = setTimeout(() => {
      stop();
      if (onSilence === "plain" && this.#mode === "either") this.#plain(accepted);
      else this.#refuse(accepted, new NetError("detection-timeout", textOf(remote)));
    }, detectionTimeoutMs);
    socket.on("data", onFirst).on("error", onGone).on("end", onGone);
  }

  #foreignTls() {
    return this.#mode === "either" ? this.#options.foreignTls?.() : undefined;
  }

  #askFirstMessage(
    accepted: Accepted<Socket>,
    bytes: Buffer,
    isForeign: (hello: ClientHello) => boolean,
  ): void {
    const { socket, remote } = accepted;
    readFirstTlsMessage(socket, bytes, this.#options.handshakeTimeoutMs ?? TIMEOUT_MS, {
      onRead: (hello) => {
        if (hello !== undefined && isForeign(hello)) this.#plain(accepted);
        else this.#decide(accepted, true);
      },
      onGone: (cause) => {
        const at = textOf(remote);
        const error = cause ? openFailure(cause, at) : new NetError("tls-handshake-failed", at);
        this.#refuse(accepted, error);
      },
    });
  }

  #decide(accepted: Accepted<Socket>, isTls: boolean): void {
    if (isTls) this.#handshake(accepted);
    else if (this.#mode !== "tls") this.#plain(accepted);
    else {
      const at = textOf(accepted.remote);
      this.#refuse(accepted, new NetError("tls-handshake-failed", `${at} does not speak TLS`));
    }
  }

  #handshake(accepted: Accepted<Socket>): void {
    const { socket, remote } = accepted;
    const { tls, handshakeTimeoutMs = TIMEOUT_MS } = this.#options;
    if (tls === undefined) {
      this.#refuse(accepted, new NetError("tls-handshake-failed", "no certificate here"));
      return;
    }
    acceptTls(socket, {
      tls: tls(),
      timeoutMs: handshakeTimeoutMs,
      peer: textOf(remote),
      onSecure: (secured, facts) => this.#handOver(accepted, secured, facts),
      onFailed: (error) => this.#refuse(accepted, error),
    });
  }

  #refuse({ socket, remote }: Accepted<Socket>, error: NetError): void {
    socket.on("error", ignore); // its connection is given up
    socket.destroy();
    this.#options.onRefused?.(error, remote);
  }

  #plain(accepted: Accepted<Socket>): void {
    this.#handOver(accepted, accepted.socket, undefined);
  }

  #handOver(accepted: Accepted<Socket>, socket: Socket, tls: TlsFacts | undefined): void {
    const { watermarks = DEFAULT_WATERMARKS, onConnection } = this.#options;
    const { socket: outer, remote } = accepted;
    const local = { host: outer.localAddress ?? "", port: outer.localPort ?? 0 };
    const options = { tls, remote, local, watermarks };
    // The events of plaintext are the server's, for all its connections together: only those of TLS can be taken.
    const onGone = () => {
      this.#forget(accepted);
      outer.destroy(); // it may not hear of the end of what was taken from it
    };
    const transport =
      socket === outer
        ? new SocketTransport(socket, options)
        : transportOver(socket, { ...options, onGone });
    accepted.transport = transport;
    onConnection(transport);
  }
}

function ignore(): void {}

function addressOf(server: Server): SocketAddress {
  const address = server.address();
  if (typeof address === "string") return { host: "", port: 0, path: address };
  return { host: address?.address ?? "", port: address?.port ?? 0 };
}

function textOf(address: ListenAddress | SocketAddress): string {
  if ("path" in address) return address.path ?? "";
  return "fd" in address ? `fd ${address.fd}` : addressText(address.host, address.port);
}
