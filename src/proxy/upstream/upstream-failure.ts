import type { ProxyFailureCode } from "#core/errors/proxy-failures.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import type { PeerError } from "#http/exchange.ts";
import { NetError, type NetErrorCode } from "#net/net-error.ts";
import { Http2Error, type Http2Reason } from "#wire/http2/http2-error.ts";
import type { Failure } from "../local-reply.ts";

/** Where the try stood when its connection failed. */
export interface TryStage {
  /** `payments.shop.svc.cluster.local:9090 at 10.0.0.7:15006`. */
  readonly what: string;
  /** The connection had carried requests before, so that the server may have closed it before it saw this one. */
  readonly mayBeStale: boolean;
  /** Bytes of an answer had arrived. */
  readonly hasAnswered: boolean;
}

/** Puts what happened to an upstream connection into the words of the table of failures. */
export function upstreamFailure(error: PeerError, stage: TryStage): Failure {
  return { code: codeOf(error, stage), message: `${stage.what}: ${reasonOf(error)}` };
}

function codeOf(error: PeerError, stage: TryStage): ProxyFailureCode {
  const code = generalCode(error);
  const isClosed = code === "upstream-closed" || code === "upstream-reset";
  const isOfConnection = !(error instanceof Http2Error) || error.scope === "connection";
  return isClosed && isOfConnection && stage.mayBeStale && !stage.hasAnswered
    ? "upstream-closed-idle"
    : code;
}

function generalCode(error: PeerError): ProxyFailureCode {
  if (error instanceof Http2Error) return HTTP2_FAILURES[error.reason] ?? "upstream-protocol-error";
  if (!(error instanceof NetError)) return "upstream-protocol-error";
  const isOther = error.cause instanceof SpiffeError && error.cause.code === "identity-mismatch";
  return isOther ? "upstream-identity-mismatch" : NET_FAILURES[error.code];
}

const NET_FAILURES: Readonly<Record<NetErrorCode, ProxyFailureCode>> = {
  "connect-refused": "upstream-connect-refused",
  "connect-failed": "upstream-connect-refused",
  "connect-unreachable": "upstream-connect-refused",
  "connect-timeout": "upstream-connect-timeout",
  "dns-failed": "upstream-dns-failure",
  "tls-handshake-failed": "upstream-tls-failure",
  "tls-handshake-timeout": "upstream-tls-failure",
  "peer-refused": "upstream-tls-failure",
  reset: "upstream-reset",
  "socket-failed": "upstream-reset",
  closed: "upstream-closed",
  "idle-timeout": "upstream-closed",
  unread: "upstream-closed",
  drained: "upstream-closed",
  // Of this process, not of the upstream.
  "too-many-files": "overloaded",
  "too-many-connections": "overloaded",
  "memory-short": "overloaded",
  // Of listeners: that one of these comes from an upstream is a defect.
  "detection-timeout": "internal",
  "address-in-use": "internal",
  "address-denied": "internal",
  "address-unavailable": "internal",
  "listen-failed": "internal",
};

/** What is no breach of the protocol. */
const HTTP2_FAILURES: Readonly<Partial<Record<Http2Reason, ProxyFailureCode>>> = {
  "stream-reset": "upstream-reset",
  "stream-refused": "upstream-reset",
  "too-many-streams": "upstream-reset",
  "window-stalled": "upstream-reset",
  draining: "upstream-closed",
  "went-away": "upstream-closed",
  "connection-closed": "upstream-closed",
  "ping-timeout": "upstream-closed",
  "settings-timeout": "upstream-closed",
  "buffers-full": "overloaded",
  internal: "internal",
};

function reasonOf(error: PeerError): string {
  return error.cause instanceof SpiffeError ? error.cause.message : error.message;
}
