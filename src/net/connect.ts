import { lookup as lookupName } from "node:dns/promises";
import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { AddressRace, interleaveFamilies } from "./address-race.ts";
import { descriptorOf, socketDescriptorsMax } from "./file-limit.ts";
import { type KeepaliveProbes, setKeepaliveProbes } from "./keepalive-probes.ts";
import { NetError } from "./net-error.ts";
import { readTlsFacts, type VerifyPeer } from "./peer-verification.ts";
import { addressText } from "./socket-address.ts";
import { connectFailure, handshakeFailure, lookupFailure } from "./socket-failure.ts";
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

type Address = { readonly host: string; readonly port: number } | { readonly path: string };

export interface ConnectOptions {
  /** A name is looked up, and whichever of its addresses answers first is taken; `path` is a Unix socket. */
  readonly address: Address;
  /** Addresses of a name, in the order of preference. Default: as the system resolves names. */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
  readonly tcpKeepalive?: KeepaliveProbes;
  readonly tls?: ClientTls;
  /** Until TCP stands, names looked up. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  readonly watermarks?: Watermarks;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 10_000;
/** A timer of the runtime that should take longer fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

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

/** One dial: the deadline, the abort signal and the sockets race, and the first one to end it wins. */
class Dialling {
  readonly #options: ConnectOptions;
  readonly #resolve: (transport: Transport) => void;
  readonly #reject: (error: NetError) => void;
  readonly #at: string;
  #race: AddressRace<Address, Socket> | undefined;
  /** The one that stands. */
  #socket: Socket | undefined;
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
  }

  start(): void {
    const { signal, connectTimeoutMs = TIMEOUT_MS, address } = this.#options;
    this.#expect("connect-timeout", connectTimeoutMs);
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
    else if ("path" in address || isIP(address.host) !== 0) this.#connectToAny([address]);
    else this.#lookUp(address.host, address.port);
  }

  #lookUp(name: string, port: number): void {
    const { lookup = addressesOf } = this.#options;
    lookup(name).then(
      (found) => {
        if (found.length === 0) this.#fail(new NetError("dns-failed", this.#at));
        else this.#connectToAny(interleaveFamilies(found).map((host) => ({ host, port })));
      },
      (cause: unknown) => this.#fail(lookupFailure(cause, this.#at)),
    );
  }

  #connectToAny(addresses: readonly Address[]): void {
    if (this.#isOver) return;
    this.#race = new AddressRace<Address, Socket>(addresses, {
      open: (address, done) => openSocket(address, this.#at, done),
      after,
      isFailure: (outcome) => outcome instanceof NetError,
      won: (socket) => this.#onConnected(socket),
      lost: (error) => this.#fail(error),
    });
    this.#race.start();
  }

  #expect(code: "connect-timeout" | "tls-handshake-timeout", timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#fail(new NetError(code, `${this.#at} (${timeoutMs} ms)`)),
      Math.min(timeoutMs, TIMER_MAX_MS),
    );
  }

  #onConnected(socket: Socket): void {
    const { tls, tcpKeepalive, handshakeTimeoutMs = TIMEOUT_MS } = this.#options;
    this.#socket = socket;
    socket.on("error", this.#onError);
    if (descriptorOf(socket) >= socketDescriptorsMax())
      this.#fail(new NetError("too-many-files", this.#at));
    else if (tcpKeepalive !== undefined && !this.#setProbes(socket, tcpKeepalive)) return;
    else if (tls === undefined) this.#succeed(socket, socket, undefined);
    else {
      this.#expect("tls-handshake-timeout", handshakeTimeoutMs);
      this.#secured = this.#secure(socket, tls);
    }
  }

  /** False: it failed. */
  #setProbes(socket: Socket, probes: KeepaliveProbes): boolean {
    if ("path" in this.#options.address) return true; // nothing to probe on this machine
    try {
      setKeepaliveProbes(socket, probes);
      return true;
    } catch (cause) {
      this.#fail(connectFailure(cause, this.#at));
      return false;
    }
  }

  #secure(plain: Socket, { context, alpn }: ClientTls): TLSSocket {
    const servername = this.#nameToSend();
    const socket = connectTls({
      socket: plain,
      secureContext: context.client,
      rejectUnauthorized: false, // the verdict is `verifyPeer`'s
      checkServerIdentity: () => undefined,
      ...(servername !== "" && { servername }),
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      ...{ allowHalfOpen: true }, // understood, but missing in the declared options
    });
    socket.on("error", this.#onError);
    socket.once("close", this.#onClose);
    socket.once("secureConnect", () => this.#judge(plain, socket));
    return socket;
  }

  #nameToSend(): string {
    const { serverName = "" } = this.#options.tls ?? {};
    return isIP(serverName) === 0 ? serverName : "";
  }

  #judge(plain: Socket, socket: TLSSocket): void {
    const { tls } = this.#options;
    if (tls === undefined || this.#isOver) return;
    socket.pause();
    try {
      const plan = { verifyPeer: tls.verifyPeer, isRequired: true };
      this.#succeed(plain, socket, readTlsFacts(socket, plan, this.#nameToSend()));
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

  /** `plain` knows the addresses, also below TLS. */
  #succeed(plain: Socket, socket: Socket, tls: TlsFacts | undefined): void {
    if (!this.#finish()) return;
    socket.off("close", this.#onClose);
    const { watermarks = DEFAULT_WATERMARKS } = this.#options;
    const local = { host: plain.localAddress ?? "", port: plain.localPort ?? 0 };
    const remote = this.#remote(plain);
    this.#resolve(transportOver(socket, { tls, remote, local, watermarks }));
  }

  #remote(plain: Socket): SocketAddress {
    const { address } = this.#options;
    if ("path" in address) return { host: "", port: 0, path: address.path };
    return { host: plain.remoteAddress ?? address.host, port: address.port };
  }

  /** Its error listeners stay on the sockets, so that a late error has somebody to hear it. */
  #fail(error: NetError): void {
    if (!this.#finish()) return;
    this.#race?.stop();
    this.#secured?.destroy();
    this.#socket?.destroy();
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

/** Its error listener stays, so that a late error has somebody to hear it. */
function openSocket(address: Address, at: string, done: (outcome: Socket | NetError) => void) {
  const socket = connectSocket({ ...address, ...SOCKET_OPTIONS, allowHalfOpen: true });
  socket.on("error", (cause) => done(connectFailure(cause, at)));
  socket.once("connect", () => done(socket));
  return { abandon: () => void socket.destroy() };
}

const after = (delayMs: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};

async function addressesOf(name: string): Promise<readonly string[]> {
  const found = await lookupName(name, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}
