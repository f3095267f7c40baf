import type { RetryPolicy } from "#config/route.ts";
import { emptyAny } from "./any.ts";
import { fromDuration, toDuration } from "./duration.ts";
import { RetryPolicy as RetryMessage } from "./generated/envoy/config/route/v3/route_components.ts";
import { Interned } from "./interned.ts";

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

const policies = new Interned<RetryPolicy>(64);

export function fromRetry(message: RetryMessage, explicit: boolean): RetryPolicy {
  const policy = readRetry(message, explicit);
  return policies.of(JSON.stringify(policy), () => policy);
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
