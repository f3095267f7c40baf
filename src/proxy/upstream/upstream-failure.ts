import type { ProxyFailureCode } from "#core/errors/proxy-failures.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import type { PeerError } from "#http/exchange.ts";
import { NetError, type NetErrorCode } from "#net/net-error.ts";
import type { Failure } from "../local-reply.ts";

/** Where the try stood when its connection failed. */
export interface TryStage {
  /** `payments.shop.svc.cluster.local:9090 at 10.0.0.7:15006`. */
  readonly what: string;
  /** The connection had carried requests before this one. */
  readonly isReused: boolean;
  /** Bytes of an answer had arrived. */
  readonly hasAnswered: boolean;
}

/** Puts what happened to an upstream connection into the words of the table of failures. */
export function upstreamFailure(error: PeerError, stage: TryStage): Failure {
  if (!(error instanceof NetError))
    return { code: "upstream-protocol-error", message: `${stage.what}: ${error.message}` };
  return { code: codeOf(error, stage), message: `${stage.what}: ${reasonOf(error)}` };
}

function codeOf(error: NetError, stage: TryStage): ProxyFailureCode {
  if (error.code === "peer-refused")
    return causeCode(error) === "identity-mismatch"
      ? "upstream-identity-mismatch"
      : "upstream-tls-failure";
  if (error.code === "closed" || error.code === "reset") {
    if (stage.isReused && !stage.hasAnswered) return "upstream-closed-idle";
    return error.code === "reset" ? "upstream-reset" : "upstream-closed";
  }
  return CODES[error.code] ?? "upstream-closed";
}

const CODES: Readonly<Partial<Record<NetErrorCode, ProxyFailureCode>>> = {
  "connect-refused": "upstream-connect-refused",
  "connect-failed": "upstream-connect-refused",
  "connect-unreachable": "upstream-connect-refused",
  "dns-failed": "upstream-dns-failure",
  "connect-timeout": "upstream-connect-timeout",
  "tls-handshake-failed": "upstream-tls-failure",
  "tls-handshake-timeout": "upstream-tls-failure",
  "socket-failed": "upstream-reset",
};

function causeCode(error: Error): string | undefined {
  return error.cause instanceof SpiffeError ? error.cause.code : undefined;
}

function reasonOf(error: NetError): string {
  return error.cause instanceof SpiffeError ? error.cause.message : error.message;
}
