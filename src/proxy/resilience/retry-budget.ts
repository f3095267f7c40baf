import type { RetryBudget } from "#config/cluster.ts";

/** How many retries may run at once: a share of the requests under way, and always at least a few. */
export function retriesWithin(
  budget: RetryBudget,
  maxRetries: number | undefined,
  activeRequests: number,
): number {
  const share = Math.ceil((activeRequests * budget.percent) / 100);
  return Math.min(maxRetries ?? Number.POSITIVE_INFINITY, Math.max(budget.minConcurrency, share));
}
