import type { RetryPolicy } from "#config/route.ts";
import type { HttpRetries } from "#resources/virtual-service/virtual-service.ts";

/** Istio looks this many times for an endpoint that the request has not tried. */
const hostSelectionAttempts = 5;

/** Without a word from the user: only what provably never reached the application, or is safe to repeat. */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  statusCodes: [],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  hostSelectionAttempts,
  explicit: false,
};

/** Between a proxy and the application beside it. */
export const inboundRetryPolicy: RetryPolicy = {
  attempts: 2,
  on: ["reset-before-request"],
  statusCodes: [],
  backoffBaseMs: 25,
  backoffMaxMs: 250,
  hostSelectionAttempts: 0,
  explicit: false,
};

/** The policy that a user wrote; undefined when they wrote "none". */
export function explicitRetryPolicy(written: HttpRetries): RetryPolicy | undefined {
  if (written.attempts === 0) return undefined;
  const { attempts, on, statusCodes, perTryTimeoutMs, backoffBaseMs, backoffMaxMs } = written;
  return {
    attempts,
    on,
    statusCodes,
    ...(perTryTimeoutMs !== undefined && { perTryTimeoutMs }),
    backoffBaseMs,
    backoffMaxMs,
    hostSelectionAttempts: written.ignorePreviousHosts ? hostSelectionAttempts : 0,
    explicit: true,
  };
}
