import type { RetryBudget } from "#config/cluster.ts";

/** Whether one more retry may run: a share of the requests under way, and always at least a few. */
export function withinBudget(
  budget: RetryBudget,
  maxRetries: number | undefined,
  activeRequests: number,
  activeRetries: number,
): boolean {
  if (maxRetries !== undefined && activeRetries >= maxRetries) return false;
  const share = (activeRequests * budget.percent) / 100;
  return activeRetries < Math.max(budget.minConcurrency, share);
}
