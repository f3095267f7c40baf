// From samples to what a reader compares: medians, and ratios to the references taken round by round.
import type { ArmName } from "../arms/arm.ts";
import type { CaseName, Regime } from "../compare/cases.ts";
import type { Memory } from "../measure/memory.ts";
import type { Metric, Sample } from "../measure/sample.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Whom others are compared with. Of several arms the best of the round counts. */
export const references = {
  haproxy: ["haproxy"],
  envoy: ["envoy", "envoy-h2", "envoy-xds"],
} as const satisfies Record<string, readonly ArmName[]>;
export type Reference = keyof typeof references;
const referenceNames = Object.keys(references) as readonly Reference[];

export interface Figure {
  readonly value: Spread;
  /** To the reference's figure of the same round; absent for the reference itself, and where it did not run. */
  readonly ratios: Readonly<Partial<Record<Reference, Spread>>>;
}

export interface ArmRow {
  readonly arm: ArmName;
  readonly rounds: number;
  readonly requests: number;
  readonly failures: number;
  readonly figures: Readonly<Partial<Record<Metric, Figure>>>;
  readonly loaded: Readonly<Record<keyof Memory, Spread>>;
  readonly logBytesPerRequest: number;
}

export interface Comparison {
  readonly case: CaseName;
  readonly regime: Regime;
  readonly rows: readonly ArmRow[];
}

/** One comparison per case and regime, arms in the order in which they first ran. */
export function compareArms(samples: readonly Sample[]): readonly Comparison[] {
  const groups = Map.groupBy(samples, (sample) => `${sample.case} ${sample.regime}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const arms = Map.groupBy(group, ({ arm }) => arm);
    const rows = [...arms].map(([arm, own]) => rowOf(arm, own, group));
    return [{ case: first.case, regime: first.regime, rows }];
  });
}

function rowOf(arm: ArmName, samples: readonly Sample[], group: readonly Sample[]): ArmRow {
  const sum = (pick: (sample: Sample) => number): number =>
    samples.reduce((total, sample) => total + pick(sample), 0);
  const memory = (field: keyof Memory): Spread =>
    spreadOf(samples.map(({ loaded }) => loaded[field]));
  const metrics = Object.keys(samples[0]?.metrics ?? {}) as Metric[];
  const requests = sum((sample) => sample.requests);
  return {
    arm,
    rounds: samples.length,
    requests,
    failures: sum((sample) => sample.failures),
    figures: Object.fromEntries(
      metrics.map((metric) => [metric, figureOf(metric, samples, group)]),
    ),
    loaded: {
      rssMb: memory("rssMb"),
      pssMb: memory("pssMb"),
      privateMb: memory("privateMb"),
    },
    logBytesPerRequest: sum((sample) => sample.logBytes) / requests,
  };
}

function figureOf(metric: Metric, samples: readonly Sample[], group: readonly Sample[]): Figure {
  const value = spreadOf(samples.map((sample) => sample.metrics[metric] ?? Number.NaN));
  const ratios: Partial<Record<Reference, Spread>> = {};
  for (const reference of referenceNames) {
    const found = ratiosTo(reference, metric, samples, group);
    if (found.length > 0) ratios[reference] = spreadOf(found);
  }
  return { value, ratios };
}

function ratiosTo(
  reference: Reference,
  metric: Metric,
  samples: readonly Sample[],
  group: readonly Sample[],
): readonly number[] {
  const names: readonly ArmName[] = references[reference];
  return samples
    .filter(({ arm }) => !names.includes(arm))
    .map((sample) => {
      const others = group
        .filter(({ arm, round }) => names.includes(arm) && round === sample.round)
        .flatMap(({ metrics }) => metrics[metric] ?? []);
      return (sample.metrics[metric] ?? Number.NaN) / best(metric, others);
    })
    .filter(Number.isFinite);
}

/** More requests are better; less of everything else is. NaN when there are none. */
function best(metric: Metric, values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  return metric === "requestsPerSecond" ? Math.max(...values) : Math.min(...values);
}
