import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { fileLimit } from "./file-limit.ts";
import { NetError } from "./net-error.ts";
import { readTlsFacts, type VerifyPeer } from "./peer-verification.ts";
import { addressText } from "./socket-address.ts";
import { handshakeFailure, listenFailure, openFailure } from "./socket-failure.ts";
import { DEFAULT_WATERMARKS, SocketTransport, type Watermarks } from "./socket-transport.ts";
import type { TlsContext } from "./tls-context.ts";
import type { SocketAddress, TlsFacts, Transport } from "./transport.ts";

/** How handshakes are made from now on. Connections that are open keep what they have. */
export interface ServerTls {
  readonly context: TlsContext;
  /** `request`: whoever has no certificate is let in without an identity. */
  readonly clientCertificate: "none" | "request" | "require";
  /** Called for clients that show a certificate. */
  readonly verifyPeer: VerifyPeer;
  /** In the order of preference; empty: none is negotiated. */
  readonly alpn: readonly string[];
}

export type ListenAddress =
  | { readonly host: string; readonly port: number }
  /** Of a listening socket that was inherited. It is closed with the listener. */
  | { readonly fd: number }
  | { readonly path: string };

export interface ListenOptions {
  readonly address: ListenAddress;
  /** `either` looks at the first byte of a connection: TLS or not. `plain` waits for nothing. */
  readonly mode: ListenMode;
  /** Asked for every handshake, so that a new certificate or trust bundle holds from the next one on. */
  tls?(): ServerTls;
  /** Attach a receiver to the transport before returning, or nothing is read. */
  onConnection(transport: Transport): void;
  /** A connection that never became a transport, and why. */
  onRefused?(error: NetError, remote: SocketAddress): void;
  readonly connectionsMax?: number;
  /** Time to the first byte, in mode `either`. */
  readonly detectionTimeoutMs?: number;
  /** What a client that stays silent for that long is: broken, or one that waits for the server to speak. */
  readonly onSilence?: "close" | "plain";
  /** From the first byte to the end of the handshake. */
  readonly handshakeTimeoutMs?: number;
  readonly watermarks?: Watermarks;
}

export type ListenMode = "plain" | "tls" | "either";

export interface Listener extends AsyncDisposable {
  /** What is listened at; with an inherited fd as the kernel tells. */
  readonly address: SocketAddress;
  readonly connectionCount: number;
  /** Connections from now on are treated so; open ones stay. */
  setMode(mode: ListenMode): void;
  /** Stops accepting. Open connections stay. Twice is harmless. */
  close(): void;
  /** Stops accepting; resolves when every connection is over, those that are left at the deadline being destroyed. */
  drained(deadlineMs: number): Promise<void>;
}

const CONNECTIONS_MAX = 10_000;
const TIMEOUT_MS = 10_000;
/** First byte of a TLS record that holds a handshake message. */
const TLS_HANDSHAKE = 22;
