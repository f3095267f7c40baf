import type { Origin } from "#config/origin.ts";
import type {
  PortPolicy,
  RetryBudget,
  TrafficPolicy,
} from "#resources/destination-rule/destination-rule.ts";
import { originOf } from "../origin-of.ts";
import type { DestinationSettings, Written } from "./destination-rule-lookup.ts";

/** What holds for one port of a service (or of one subset), block by block, each with whose word it is. */
export type EffectivePolicy = {
  readonly [Block in keyof PortPolicy]: Decided<NonNullable<PortPolicy[Block]>>;
} & { readonly retryBudget?: Decided<RetryBudget> };

export interface Decided<T> {
  readonly value: T;
  readonly origin: Origin;
}

/**
 * Blocks replace each other whole. For a port with settings of its own only these hold, at either level: of the rule,
 * and then of the subset over the rule.
 */
export function effectivePolicy(
  { policy, subsets }: DestinationSettings,
  port: number,
  subset = "",
): EffectivePolicy {
  const own = subsets.find(({ value }) => value.name === subset);
  const forAll = policy === undefined ? {} : blocksOf(policy, port, {});
  return own?.value.trafficPolicy === undefined
    ? forAll
    : blocksOf(
        {
          value: own.value.trafficPolicy,
          object: own.object,
          rule: `${own.rule}.trafficPolicy`,
        },
        port,
        forAll,
      );
}

function blocksOf(
  { value, object, rule }: Written<TrafficPolicy>,
  port: number,
  wider: EffectivePolicy,
): EffectivePolicy {
  const budget = value.retryBudget && {
    retryBudget: { value: value.retryBudget, origin: originOf(object, `${rule}.retryBudget`) },
  };
  const at = value.portLevel.findIndex((level) => level.port === port);
  const level = value.portLevel[at];
  if (level === undefined) return { ...wider, ...blocks({ value, object, rule }), ...budget };

  const { retryBudget } = wider;
  return {
    ...(retryBudget !== undefined && { retryBudget }),
    ...blocks({ value: level, object, rule: `${rule}.portLevelSettings[${at}]` }),
    ...budget,
  };
}

function blocks({ value, object, rule }: Written<PortPolicy>): EffectivePolicy {
  const { loadBalancer, connectionPool, outlierDetection, tls } = value;
  const from = (block: string): Origin => originOf(object, `${rule}.${block}`);
  return {
    ...(loadBalancer && { loadBalancer: { value: loadBalancer, origin: from("loadBalancer") } }),
    ...(connectionPool && {
      connectionPool: { value: connectionPool, origin: from("connectionPool") },
    }),
    ...(outlierDetection && {
      outlierDetection: { value: outlierDetection, origin: from("outlierDetection") },
    }),
    ...(tls && { tls: { value: tls, origin: from("tls") } }),
  };
}
