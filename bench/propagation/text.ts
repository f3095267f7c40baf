import { formatTable } from "#cli/output/table.ts";
import { machineLine } from "../report/machine.ts";
import type { PropagationResult } from "./run-propagation.ts";

export const GOAL_MS = 200;

/** Ends with a line break. */
export function propagationText(result: PropagationResult): string {
  const { changes, proxies, probeEveryMs } = result;
  const slowest = changes.map(({ effectiveMs }) => Math.max(...effectiveMs));
  const within = slowest.filter((ms) => ms <= GOAL_MS).length;
  const relapses = changes.reduce((total, change) => total + change.relapses, 0);
  const rows = [
    { what: "one proxy", values: changes.flatMap(({ effectiveMs }) => effectiveMs) },
    { what: `the last of ${proxies}`, values: slowest },
    { what: "the API's answer itself", values: changes.map(({ apiMs }) => apiMs) },
  ];
  const table = formatTable(
    [
      { title: "MS", cell: (row: Row) => row.what },
      ...shares.map(([title, share]) => ({
        title,
        align: "right" as const,
        cell: ({ values }: Row) => percentile(values, share).toFixed(1),
      })),
    ],
    rows,
  );
  return `${machineLine(result.machine)}
${changes.length} weight changes, ${proxies} proxies, each asked every ${probeEveryMs} ms
From the API's answer to the first request served by the new rule
${table}all ${proxies} within ${GOAL_MS} ms: ${within} of ${changes.length} changes; answers by the old rule after the new: ${relapses}
`;
}

interface Row {
  readonly what: string;
  readonly values: readonly number[];
}

const shares: readonly (readonly [string, number])[] = [
  ["MIN", 0],
  ["P50", 0.5],
  ["P90", 0.9],
  ["P99", 0.99],
  ["MAX", 1],
];

/** Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
