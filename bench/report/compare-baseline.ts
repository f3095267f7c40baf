// Two results on one machine, or on two: ratios to the reference travel, absolute figures do not.
import { readFileSync } from "node:fs";
import { formatTable } from "#cli/output/table.ts";
import type { Metric } from "../measure/sample.ts";
import type { Comparison } from "./compare-arms.ts";
import type { BenchResult } from "./result.ts";

/** Throws when the file is not a result of this bench. */
export function readBaseline(file: string): BenchResult {
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof value !== "object" || value === null || !("comparisons" in value))
    throw new Error(`${file} is not a result of the bench: it has no comparisons`);
  return value as BenchResult;
}

interface Change {
  readonly where: string;
  readonly metric: string;
  readonly before: number;
  readonly now: number;
}

/** How each ratio to the reference changed; ends with a line break. */
export function baselineText(now: BenchResult, before: BenchResult): string {
  const changes = now.comparisons.flatMap((comparison) => changesOf(comparison, before));
  if (changes.length === 0) return "The baseline has no ratio in common with this run.\n";
  const table = formatTable(
    [
      { title: "CASE, REGIME, ARM", cell: ({ where }) => where },
      { title: "RATIO OF", cell: ({ metric }) => metric },
      { title: "BASELINE", align: "right", cell: (change) => change.before.toFixed(3) },
      { title: "NOW", align: "right", cell: (change) => change.now.toFixed(3) },
      {
        title: "CHANGE",
        align: "right",
        cell: (change) => `${((change.now / change.before - 1) * 100).toFixed(1)} %`,
      },
    ],
    changes,
  );
  return `Against the baseline of ${before.startedAt}\n${table}`;
}

function changesOf(
  { case: name, regime, rows }: Comparison,
  before: BenchResult,
): readonly Change[] {
  const earlier = before.comparisons.find(
    (other) => other.case === name && other.regime === regime,
  );
  return rows.flatMap(({ arm, figures }) => {
    const past = earlier?.rows.find((row) => row.arm === arm)?.figures ?? {};
    return Object.entries(figures).flatMap(([metric, { ratio }]) => {
      const pastRatio = past[metric as Metric]?.ratio;
      if (!ratio || !pastRatio) return [];
      const where = `${name}, ${regime}, ${arm}`;
      return [{ where, metric, before: pastRatio.median, now: ratio.median }];
    });
  });
}
