import { formatTable, type TableColumn } from "#cli/output/table.ts";
import { machineLine } from "../report/machine.ts";
import { markdownTable } from "../report/markdown-table.ts";
import type { PropagationResult } from "./run-propagation.ts";

export const GOAL_MS = 200;

/** Ends with a line break. */
export function propagationText(result: PropagationResult): string {
  const { before, after } = conditions(result);
  return `${before.join("\n")}\n${formatTable(columns, rowsOf(result))}${after}\n`;
}

/** The same for a page in Markdown. */
export function propagationMarkdown(result: PropagationResult): string {
  const { before, after } = conditions(result);
  const list = before.map((line) => `- ${line}\n`).join("");
  return `${list}\n${markdownTable(columns, rowsOf(result))}\n${after}\n`;
}

function conditions(result: PropagationResult) {
  const { machine, changes, proxies, services, warmUpSeconds, probeEveryMs } = result;
  const within = changes.filter(({ effectiveMs }) => Math.max(...effectiveMs) <= GOAL_MS).length;
  const relapses = changes.reduce((total, change) => total + change.relapses, 0);
  const cpuMs = changes.reduce((total, change) => total + change.controlPlaneCpuMs, 0);
  const others = services === 0 ? "" : ` in a mesh with ${services} other services`;
  return {
    before: [
      machineLine(machine),
      `${changes.length} weight changes, ${proxies} proxies${others}, each asked every ${probeEveryMs} ms, ` +
        `for ${warmUpSeconds} s before the first change`,
      "from the API's answer to the end of the first answer that the new rule gave, in ms",
    ],
    after:
      `All ${proxies} within ${GOAL_MS} ms: ${within} of ${changes.length} changes. ` +
      `Answers by the old rule after the new: ${relapses}. CPU of the control plane for one change, ` +
      `with all that follows: ${(cpuMs / changes.length).toFixed(0)} ms.`,
  };
}

function rowsOf({ changes, proxies }: PropagationResult): readonly Row[] {
  const slowest = changes.map(({ effectiveMs }) => Math.max(...effectiveMs));
  return [
    { what: "one proxy", values: changes.flatMap(({ effectiveMs }) => effectiveMs) },
    { what: `the last of ${proxies}`, values: slowest },
    { what: "the API's answer itself", values: changes.map(({ apiMs }) => apiMs) },
  ];
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

const columns: readonly TableColumn<Row>[] = [
  { title: "WHAT", cell: ({ what }) => what },
  ...shares.map(([title, share]) => ({
    title,
    align: "right" as const,
    cell: ({ values }: Row) => percentile(values, share).toFixed(1),
  })),
];

/** Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
