import type { RetryPolicy } from "#config/route.ts";
import { emptyAny } from "./any.ts";
import { fromDuration, toDuration } from "./duration.ts";
import { RetryPolicy as RetryMessage } from "./generated/envoy/config/route/v3/route_components.ts";

const PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

export function toRetry(retry: RetryPolicy): RetryMessage {
  const avoidsTried = retry.hostSelectionAttempts > 0;
  return RetryMessage.fromPartial({
    retryOn: retry.on.join(","),
    numRetries: retry.attempts,
    perTryTimeout:
      retry.perTryTimeoutMs === undefined ? undefined : toDuration(retry.perTryTimeoutMs),
    retryHostPredicate: avoidsTried
      ? [
          {
            name: "envoy.retry_host_predicates.previous_hosts",
            configType: { $case: "typedConfig", value: emptyAny(PREVIOUS_HOSTS) },
          },
        ]
      : [],
    hostSelectionRetryMaxAttempts: retry.hostSelectionAttempts,
    retriableStatusCodes: [...retry.statusCodes],
    retryBackOff: {
      baseInterval: toDuration(retry.backoffBaseMs),
      maxInterval: toDuration(retry.backoffMaxMs),
    },
  });
}

/** Thousands of routes share few policies: equal ones are one object. */
const known = new Map<string, RetryPolicy>();
const MAX_KNOWN = 64;

export function fromRetry(message: RetryMessage, explicit: boolean): RetryPolicy {
  const policy = readRetry(message, explicit);
  const key = JSON.stringify(policy);
  const equal = known.get(key);
  if (equal !== undefined) return equal;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, policy);
  return policy;
}

function readRetry(message: RetryMessage, explicit: boolean): RetryPolicy {
  return {
    attempts: message.numRetries ?? 0,
    on: message.retryOn === "" ? [] : message.retryOn.split(","),
    statusCodes: message.retriableStatusCodes,
    ...(message.perTryTimeout === undefined
      ? {}
      : { perTryTimeoutMs: fromDuration(message.perTryTimeout) }),
    backoffBaseMs: fromDuration(message.retryBackOff?.baseInterval),
    backoffMaxMs: fromDuration(message.retryBackOff?.maxInterval),
    hostSelectionAttempts: message.hostSelectionRetryMaxAttempts,
    explicit,
  };
}
