// What moved between two results. Ratios to the references travel between machines and hours; of absolute figures only memory.
import { formatTable, type TableColumn } from "#cli/output/table.ts";
import type { Memory } from "../measure/memory.ts";
import type { ArmRow, Comparison, Reference } from "./compare-arms.ts";
import { spreadText } from "./comparison-columns.ts";
import type { BenchResult } from "./result.ts";
import type { Spread } from "./spread.ts";

export interface Compared {
  /** Case, regime, arm, figure. */
  readonly where: string;
  readonly before: Spread;
  readonly now: Spread;
}

/** For figures that were taken once and have no spread of their own. */
const SINGLE_FIGURE_SPREAD = 0.1;

/** A move is larger than the spread: each median lies outside the other's range. */
export function isMove({ before, now }: Compared): boolean {
  if (isSingle(before) || isSingle(now))
    return Math.abs(now.median / before.median - 1) > SINGLE_FIGURE_SPREAD;
  return isOutside(now.median, before) && isOutside(before.median, now);
}

const isSingle = ({ min, max }: Spread): boolean => min === max;
const isOutside = (value: number, { min, max }: Spread): boolean => value < min || value > max;

/** Ends with a line break. */
export function movesText(now: BenchResult, before: BenchResult): string {
  const compared = figuresInCommon(now, before);
  if (compared.length === 0)
    return `The result of ${before.startedAt} has no figure in common with this run.\n`;
  const moves = compared.filter(isMove);
  const rest = `${compared.length - moves.length} of ${compared.length} figures did not move by more than their spread`;
  const title = `Against the result of ${before.startedAt}`;
  if (moves.length === 0) return `${title}: nothing moved; ${rest}.\n`;
  return `${title}: ${moves.length} figures moved\n${formatTable(columns, moves)}${rest}.\n`;
}

const two = (value: number): string => value.toFixed(2);
const columns: readonly TableColumn<Compared>[] = [
  { title: "CASE, REGIME, ARM", cell: ({ where }) => where },
  { title: "BEFORE", align: "right", cell: ({ before }) => spreadText(before, two) },
  { title: "NOW", align: "right", cell: ({ now }) => spreadText(now, two) },
  {
    title: "CHANGE",
    align: "right",
    cell: ({ before, now }) => {
      const percent = (now.median / before.median - 1) * 100;
      return `${percent > 0 ? "+" : ""}${percent.toFixed(1)} %`;
    },
  },
];

export function figuresInCommon(now: BenchResult, before: BenchResult): readonly Compared[] {
  const earlier = new Map(before.comparisons.flatMap(figuresOf));
  return now.comparisons.flatMap(figuresOf).flatMap(([where, spread]) => {
    const past = earlier.get(where);
    return past ? [{ where, before: past, now: spread }] : [];
  });
}

function figuresOf({
  case: name,
  regime,
  rows,
}: Comparison): readonly (readonly [string, Spread])[] {
  return rows.flatMap((row) => {
    const where = `${name}, ${regime}, ${row.arm}`;
    return [...ratiosOf(row), ...memoryOf(row)].map(
      ([figure, spread]) => [`${where}: ${figure}`, spread] as const,
    );
  });
}

function ratiosOf({ figures }: ArmRow): readonly (readonly [string, Spread])[] {
  return Object.entries(figures).flatMap(([metric, { ratios }]) =>
    (Object.entries(ratios) as [Reference, Spread][]).map(
      ([reference, spread]) => [`${metric} ÷ ${reference}`, spread] as const,
    ),
  );
}

function memoryOf({ arm, loaded }: ArmRow): readonly (readonly [string, Spread])[] {
  if (arm === "direct") return [];
  return (Object.entries(loaded) as [keyof Memory, Spread][]).map(
    ([field, spread]) => [`${field} loaded`, spread] as const,
  );
}
