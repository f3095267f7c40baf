import type { Metric, Sample } from "../measure/sample.ts";

const directCounterparts = [
  ["p50Us", "overDirectP50Us"],
  ["p90Us", "overDirectP90Us"],
  ["p99Us", "overDirectP99Us"],
] as const;

/** Adds what the proxies add to the latency at a fixed rate: the difference to the direct arm of the same round. */
export function overDirect(sample: Sample, samples: readonly Sample[]): Sample {
  if (!sample.regime.startsWith("fixed-rate") || sample.arm === "direct") return sample;
  const direct = samples.find((other) => other.arm === "direct" && isSameRun(other, sample));
  if (!direct) return sample;
  const added: Partial<Record<Metric, number>> = {};
  for (const [latency, over] of directCounterparts) {
    const [through = 0, without = 0] = [sample.metrics[latency], direct.metrics[latency]];
    added[over] = through - without;
  }
  return { ...sample, metrics: { ...sample.metrics, ...added } };
}

const isSameRun = (one: Sample, other: Sample): boolean =>
  one.case === other.case && one.regime === other.regime && one.round === other.round;
