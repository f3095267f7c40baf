import type { CircuitLimits, OutlierDetection, RetryBudget } from "#config/cluster.ts";
import { fromDuration, toDuration } from "./duration.ts";
import {
  CircuitBreakers,
  CircuitBreakers_Thresholds as Thresholds,
} from "./generated/envoy/config/cluster/v3/circuit_breaker.ts";
import { OutlierDetection as OutlierMessage } from "./generated/envoy/config/cluster/v3/outlier_detection.ts";

/** Envoy's default is 1024 and it has no word for "no limit"; Istio sends this. */
const NO_LIMIT = 0xffff_ffff;

type Counted = Omit<CircuitLimits, "maxRequestsPerConnection">;

export function toCircuits(limits: Counted, budget: RetryBudget): CircuitBreakers {
  return CircuitBreakers.fromPartial({
    thresholds: [
      {
        maxConnections: limits.maxConnections ?? NO_LIMIT,
        maxPendingRequests: limits.maxPendingRequests ?? NO_LIMIT,
        maxRequests: limits.maxRequests ?? NO_LIMIT,
        maxRetries: limits.maxRetries ?? NO_LIMIT,
        retryBudget: {
          budgetPercent: { value: budget.percent },
          minRetryConcurrency: budget.minConcurrency,
        },
      },
    ],
  });
}

export function fromCircuits(message: CircuitBreakers | undefined): {
  readonly limits: Counted;
  readonly retryBudget: RetryBudget;
} {
  const [thresholds = Thresholds.create()] = message?.thresholds ?? [];
  const limit = <K extends keyof Counted>(key: K): Pick<Counted, K> | undefined => {
    const value = thresholds[key];
    return value === undefined || value === NO_LIMIT
      ? undefined
      : ({ [key]: value } as unknown as Pick<Counted, K>);
  };
  return {
    limits: {
      ...limit("maxConnections"),
      ...limit("maxPendingRequests"),
      ...limit("maxRequests"),
      ...limit("maxRetries"),
    },
    retryBudget: {
      percent: thresholds.retryBudget?.budgetPercent?.value ?? 0,
      minConcurrency: thresholds.retryBudget?.minRetryConcurrency ?? 0,
    },
  };
}

const ON = 100;
const OFF = 0;

/** A detector that we leave out is off, whatever Envoy's default; success rates are never used. */
export function toOutliers(outliers: OutlierDetection): OutlierMessage {
  const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalOriginFailures } = outliers;
  const enforce = (count: number | undefined): number => (count === undefined ? OFF : ON);
  return OutlierMessage.fromPartial({
    consecutive5xx,
    enforcingConsecutive5xx: enforce(consecutive5xx),
    consecutiveGatewayFailure: consecutiveGatewayErrors,
    enforcingConsecutiveGatewayFailure: enforce(consecutiveGatewayErrors),
    consecutiveLocalOriginFailure: consecutiveLocalOriginFailures,
    enforcingConsecutiveLocalOriginFailure: enforce(consecutiveLocalOriginFailures),
    splitExternalLocalOriginErrors: outliers.splitExternalLocalOriginErrors,
    enforcingSuccessRate: OFF,
    enforcingLocalOriginSuccessRate: OFF,
    interval: toDuration(outliers.intervalMs),
    baseEjectionTime: toDuration(outliers.baseEjectionMs),
    maxEjectionTime: toDuration(outliers.maxEjectionMs),
    maxEjectionPercent: outliers.maxEjectionPercent,
  });
}

export function fromOutliers(message: OutlierMessage, minHealthPercent: number): OutlierDetection {
  const { consecutive5xx, consecutiveGatewayFailure, consecutiveLocalOriginFailure } = message;
  return {
    ...(consecutive5xx === undefined ? {} : { consecutive5xx }),
    ...(consecutiveGatewayFailure === undefined
      ? {}
      : { consecutiveGatewayErrors: consecutiveGatewayFailure }),
    ...(consecutiveLocalOriginFailure === undefined
      ? {}
      : { consecutiveLocalOriginFailures: consecutiveLocalOriginFailure }),
    splitExternalLocalOriginErrors: message.splitExternalLocalOriginErrors,
    intervalMs: fromDuration(message.interval),
    baseEjectionMs: fromDuration(message.baseEjectionTime),
    maxEjectionMs: fromDuration(message.maxEjectionTime),
    maxEjectionPercent: message.maxEjectionPercent ?? 0,
    minHealthPercent,
  };
}
