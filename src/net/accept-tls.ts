import type { Socket } from "node:net";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import { NetError } from "./net-error.ts";
import { readTlsFacts, type VerifyPeer } from "./peer-verification.ts";
import { handshakeFailure } from "./socket-failure.ts";
import type { TlsContext } from "./tls-context.ts";
import type { TlsFacts } from "./transport.ts";

/** How handshakes are made. Connections that are open keep what they have. */
export interface ServerTls {
  readonly context: TlsContext;
  /** `request`: whoever has no certificate is let in without an identity. */
  readonly clientCertificate: "none" | "request" | "require";
  /** Called for clients that show a certificate. */
  readonly verifyPeer: VerifyPeer;
  /** In the order of preference; empty: none is negotiated. */
  readonly alpn: readonly string[];
}

export interface AcceptTlsOptions {
  readonly tls: ServerTls;
  readonly timeoutMs: number;
  /** `10.0.0.1:4711`, for messages. */
  readonly peer: string;
  /** The peer is verified and not a byte was read yet. */
  onSecure(socket: TLSSocket, facts: TlsFacts): void;
  /** The caller destroys the connection. Exactly one of the two is called. */
  onFailed(error: NetError): void;
}

/** Makes the server's side of a handshake on a paused socket whose first bytes were put back. */
export function acceptTls(raw: Socket, options: AcceptTlsOptions): void {
  const { tls, timeoutMs, peer, onSecure, onFailed } = options;
  const socket = new TLSSocket(raw, serverOptions(tls));
  let isOver = false;
  const finish = (): boolean => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(timer);
    socket.off("secure", succeed).off("close", goneAway);
    return true;
  };
  const fail = (error: NetError) => {
    if (!finish()) return;
    socket.destroy();
    onFailed(error);
  };
  const succeed = () => {
    socket.pause();
    try {
      const isRequired = tls.clientCertificate === "require";
      const facts = readTlsFacts(socket, { verifyPeer: tls.verifyPeer, isRequired }, sniOf(socket));
      if (!finish()) return;
      socket.off("error", failWith);
      onSecure(socket, facts);
    } catch (cause) {
      fail(handshakeFailure(cause, peer));
    }
  };
  const failWith = (cause: unknown) => fail(handshakeFailure(cause, peer));
  const goneAway = () => fail(new NetError("tls-handshake-failed", `${peer} went away`));
  const timer = setTimeout(() => fail(new NetError("tls-handshake-timeout", peer)), timeoutMs);
  raw.on("error", failWith); // stays: the socket under TLS must never have an error without a listener
  socket.on("secure", succeed).on("error", failWith).on("close", goneAway);
}

function serverOptions(tls: ServerTls): TLSSocketOptions {
  return {
    isServer: true,
    secureContext: tls.context.server,
    requestCert: tls.clientCertificate !== "none",
    rejectUnauthorized: false, // the verdict is `verifyPeer`'s
    ...(tls.alpn.length > 0 && { ALPNProtocols: [...tls.alpn] }),
    ...{ allowHalfOpen: true }, // understood, but missing in the declared options
  };
}

function sniOf(socket: TLSSocket): string {
  const name: unknown = Reflect.get(socket, "servername");
  return typeof name === "string" ? name : "";
}
