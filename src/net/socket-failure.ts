import { NetError, type NetErrorCode } from "./net-error.ts";

const CONNECTING: Readonly<Record<string, NetErrorCode>> = {
  ECONNREFUSED: "connect-refused",
  ENOENT: "connect-refused",
  ETIMEDOUT: "connect-timeout",
  EHOSTUNREACH: "connect-unreachable",
  ENETUNREACH: "connect-unreachable",
  EADDRNOTAVAIL: "connect-unreachable",
  ENOTFOUND: "dns-failed",
  EAI_AGAIN: "dns-failed",
  EAI_FAIL: "dns-failed",
  EAI_NODATA: "dns-failed",
  EMFILE: "too-many-files",
  ENFILE: "too-many-files",
};

const OPEN: Readonly<Record<string, NetErrorCode>> = {
  ECONNRESET: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "reset",
  EHOSTUNREACH: "reset",
  ENETUNREACH: "reset",
  ENETDOWN: "reset",
  ECONNABORTED: "reset",
};

const LISTENING: Readonly<Record<string, NetErrorCode>> = {
  EADDRINUSE: "address-in-use",
  EACCES: "address-denied",
  EPERM: "address-denied",
  EADDRNOTAVAIL: "address-unavailable",
  EMFILE: "too-many-files",
  ENFILE: "too-many-files",
};

/** What an error of the runtime's sockets means while a connection is made. */
export const connectFailure = (cause: unknown, at: string): NetError =>
  netError(CONNECTING, "connect-failed", cause, at);

/** The same of a name that was looked up. */
export const lookupFailure = (cause: unknown, at: string): NetError =>
  netError(CONNECTING, "dns-failed", cause, at);

/** The same on a connection that was open. */
export const openFailure = (cause: unknown, at: string): NetError =>
  netError(OPEN, "socket-failed", cause, at);

/** The same while a TLS handshake was under way: a peer that just goes away counts as failed handshake too. */
export const handshakeFailure = (cause: unknown, at: string): NetError =>
  netError({}, "tls-handshake-failed", cause, at);

/** The same for a socket that should listen. */
export const listenFailure = (cause: unknown, at: string): NetError =>
  netError(LISTENING, "listen-failed", cause, at);

function netError(
  codes: Readonly<Record<string, NetErrorCode>>,
  otherwise: NetErrorCode,
  cause: unknown,
  at: string,
): NetError {
  if (cause instanceof NetError) return cause;
  const systemCode = systemCodeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NetError(codes[systemCode] ?? otherwise, `${at} (${reason})`, cause);
}

function systemCodeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : "";
}
