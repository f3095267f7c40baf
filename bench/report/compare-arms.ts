// From samples to what a reader compares: medians, and ratios to HAProxy taken round by round.
import type { ArmName, CaseName } from "../arms/arm.ts";
import type { Memory } from "../measure/memory.ts";
import type { Metric, Regime, Sample } from "../measure/sample.ts";
import { type Spread, spreadOf } from "./spread.ts";

export const REFERENCE: ArmName = "haproxy";

export interface Figure {
  readonly value: Spread;
  /** To the reference's figure of the same round; absent for the reference itself, and where it did not run. */
  readonly ratio?: Spread;
}

export interface ArmRow {
  readonly arm: ArmName;
  readonly requests: number;
  readonly failures: number;
  readonly figures: Readonly<Partial<Record<Metric, Figure>>>;
  readonly loaded: { readonly rssMb: Spread; readonly pssMb: Spread };
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
    const references = new Map(
      group.filter(({ arm }) => arm === REFERENCE).map((sample) => [sample.round, sample]),
    );
    const arms = Map.groupBy(group, ({ arm }) => arm);
    const rows = [...arms].map(([arm, own]) => rowOf(arm, own, references));
    return [{ case: first.case, regime: first.regime, rows }];
  });
}

type References = ReadonlyMap<number, Sample>;

function rowOf(arm: ArmName, samples: readonly Sample[], references: References): ArmRow {
  const sum = (pick: (sample: Sample) => number): number =>
    samples.reduce((total, sample) => total + pick(sample), 0);
  const memory = (field: keyof Memory): Spread =>
    spreadOf(samples.map(({ loaded }) => loaded[field]));
  const metrics = Object.keys(samples[0]?.metrics ?? {}) as Metric[];
  const requests = sum((sample) => sample.requests);
  return {
    arm,
    requests,
    failures: sum((sample) => sample.failures),
    figures: Object.fromEntries(
      metrics.map((metric) => [metric, figureOf(metric, samples, references)]),
    ),
    loaded: { rssMb: memory("rssMb"), pssMb: memory("pssMb") },
    logBytesPerRequest: sum((sample) => sample.logBytes) / requests,
  };
}

function figureOf(metric: Metric, samples: readonly Sample[], references: References): Figure {
  const metricOf = (sample: Sample | undefined): number => sample?.metrics[metric] ?? Number.NaN;
  const value = spreadOf(samples.map(metricOf));
  const ratios = samples
    .filter(({ arm }) => arm !== REFERENCE)
    .map((sample) => metricOf(sample) / metricOf(references.get(sample.round)))
    .filter(Number.isFinite);
  return ratios.length === 0 ? { value } : { value, ratio: spreadOf(ratios) };
}
