/** Conditions as Kubernetes and Istio write them into `status.conditions`. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** `metadata.generation` that the condition speaks of. */
  readonly observedGeneration?: number;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

export type NewCondition = Omit<Condition, "lastTransitionTime">;

/** The list with the condition in it. Its time changes only when its status does. `now` is RFC 3339. */
export function setCondition(
  conditions: readonly Condition[],
  condition: NewCondition,
  now: string,
): readonly Condition[] {
  const old = findCondition(conditions, condition.type);
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : now;
  const fresh: Condition = { ...condition, lastTransitionTime };
  if (!old) return [...conditions, fresh];
  return conditions.map((each) => (each.type === condition.type ? fresh : each));
}

export function findCondition(
  conditions: readonly Condition[],
  type: string,
): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** Whatever of `status.conditions` has the form of one; the rest is skipped. */
export function readConditions(status: unknown): readonly Condition[] {
  const conditions = (status as { conditions?: unknown } | undefined)?.conditions;
  return Array.isArray(conditions) ? conditions.filter(isCondition) : [];
}

function isCondition(value: unknown): value is Condition {
  if (typeof value !== "object" || value === null) return false;
  const { type, status, reason, message, lastTransitionTime } = value as Record<string, unknown>;
  return (
    typeof type === "string" &&
    (status === "True" || status === "False" || status === "Unknown") &&
    [reason, message, lastTransitionTime].every((field) => typeof field === "string")
  );
}
