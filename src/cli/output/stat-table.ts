import type { GoldenRow } from "#control/signals/golden-signals.ts";
import { formatTable, type TableColumn } from "./table.ts";

/** Golden columns in the order that people know from `linkerd viz stat`. */
const columns: readonly TableColumn<GoldenRow>[] = [
  { title: "NAME", cell: ({ service }) => service },
  {
    title: "VERSION",
    cell: ({ version }) => (version === "" || version === "unknown" ? "-" : version),
  },
  { title: "SUCCESS", align: "right", cell: successCell },
  { title: "RPS", align: "right", cell: (row) => `${row.requestsPerSecond.toFixed(1)}rps` },
  { title: "LATENCY_P50", align: "right", cell: (row) => latency(row.p50Ms) },
  { title: "LATENCY_P95", align: "right", cell: (row) => latency(row.p95Ms) },
  { title: "LATENCY_P99", align: "right", cell: (row) => latency(row.p99Ms) },
  { title: "DENIED", align: "right", cell: ({ denied }) => (denied === 0 ? "-" : `${denied}`) },
];

const namespaceColumn: TableColumn<GoldenRow> = {
  title: "NAMESPACE",
  cell: ({ namespace }) => namespace,
};
const sourceColumn: TableColumn<GoldenRow> = { title: "FROM", cell: ({ source }) => source };

export interface StatTableOptions {
  readonly withNamespace: boolean;
  readonly withSource: boolean;
}

export function formatStat(rows: readonly GoldenRow[], options: StatTableOptions): string {
  return formatTable(
    [
      ...(options.withNamespace ? [namespaceColumn] : []),
      ...(options.withSource ? [sourceColumn] : []),
      ...columns,
    ],
    rows,
  );
}

/** Requests that policy refused say nothing of how the service does. */
function successRate({ requests, failures, denied }: GoldenRow): number | undefined {
  const served = requests - denied;
  return served <= 0 ? undefined : (served - failures) / served;
}

function successCell(row: GoldenRow): string {
  const rate = successRate(row);
  return rate === undefined ? "-" : `${(100 * rate).toFixed(2)}%`;
}

function latency(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 10 ? `${ms.toFixed(1)}ms` : `${Math.round(ms)}ms`;
}
