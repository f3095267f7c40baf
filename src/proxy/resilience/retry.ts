import type { RetryPolicy } from "#config/route.ts";
import { type ProxyFailureCode, proxyFailures } from "#core/errors/proxy-failures.ts";

/** How one try ended when it did not end well. */
export type TryOutcome =
  | {
      readonly kind: "failure";
      readonly code: ProxyFailureCode;
      /** No byte of the request was handed to the kernel. */
      readonly unsent: boolean;
    }
  | {
      readonly kind: "response";
      readonly status: number;
      /** `grpc-status` of an answer that has no body. */
      readonly grpcStatus: string | undefined;
    };

/** A method that changes nothing (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/**
 * Whether the policy wants another try. Without the user's explicit wish only what provably never reached the application
 * is tried again, or what may be repeated (`mayRepeat`: a safe method, or an `Idempotency-Key`).
 */
export function wantsRetry(policy: RetryPolicy, outcome: TryOutcome, mayRepeat: boolean): boolean {
  if (!policy.on.some((condition) => meets(condition, policy, outcome))) return false;
  return policy.explicit || mayRepeat || neverReached(outcome);
}

function neverReached(outcome: TryOutcome): boolean {
  if (outcome.kind === "response") return false;
  const { retry } = proxyFailures[outcome.code];
  return retry === "always" || (retry === "unsent" && outcome.unsent);
}

function meets(condition: string, policy: RetryPolicy, outcome: TryOutcome): boolean {
  return outcome.kind === "failure"
    ? failureMeets(condition, outcome)
    : responseMeets(condition, policy, outcome.status, outcome.grpcStatus);
}

function failureMeets(
  condition: string,
  { code, unsent }: Extract<TryOutcome, { readonly kind: "failure" }>,
): boolean {
  if (code === "circuit-open" || code === "no-healthy-upstream") return false;
  switch (condition) {
    case "5xx":
    case "gateway-error":
    case "reset":
      return true;
    case "connect-failure":
      return proxyFailures[code].retry === "always" || unsent;
    case "reset-before-request":
    case "refused-stream":
      return unsent;
    default:
      return false;
  }
}

function responseMeets(
  condition: string,
  policy: RetryPolicy,
  status: number,
  grpcStatus: string | undefined,
): boolean {
  switch (condition) {
    case "5xx":
      return status >= 500;
    case "gateway-error":
      return status >= 502 && status <= 504;
    case "retriable-4xx":
      return status === 409;
    case "retriable-status-codes":
      return policy.statusCodes.includes(status);
    default:
      return grpcStatus !== undefined && GRPC_CODES[condition] === grpcStatus;
  }
}

const GRPC_CODES: Readonly<Record<string, string>> = {
  cancelled: "1",
  "deadline-exceeded": "4",
  "resource-exhausted": "8",
  internal: "13",
  unavailable: "14",
};

/** An idle connection that turns out closed costs a request nothing, but not for ever. */
const MAX_REPLAYS = 2;

/**
 * A server may close an idle connection just as we send, refuse a stream because it ends the connection, and an endpoint
 * may leave while a request waits for a connection to it: what it cannot have acted on, or may do twice, goes out anew,
 * whatever the rules of retries. `replays`: how often it did already.
 */
export function mayReplay(
  code: ProxyFailureCode,
  unsent: boolean,
  mayRepeat: boolean,
  replays: number,
): boolean {
  const isNobodysFault =
    code === "upstream-closed-idle" ||
    code === "no-healthy-upstream" ||
    (unsent && (code === "upstream-closed" || code === "upstream-reset"));
  return isNobodysFault && (unsent || mayRepeat) && replays < MAX_REPLAYS;
}
