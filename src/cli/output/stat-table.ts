import type { StatRow } from "#control/debug-routes.ts";
import { formatTable, type TableColumn } from "./table.ts";

/** Golden columns in the order that people know from `linkerd viz stat`. */
const columns: readonly TableColumn<StatRow>[] = [
  { title: "NAME", cell: ({ service }) => service },
  {
    title: "VERSION",
    cell: ({ version }) => (version === "" || version === "unknown" ? "-" : version),
  },
  { title: "MESHED", align: "right", cell: meshedCell },
  { title: "SUCCESS", align: "right", cell: successCell },
  { title: "RPS", align: "right", cell: (row) => `${row.requestsPerSecond.toFixed(1)}rps` },
  { title: "LATENCY_P50", align: "right", cell: (row) => latency(row.p50Ms) },
  { title: "LATENCY_P95", align: "right", cell: (row) => latency(row.p95Ms) },
  { title: "LATENCY_P99", align: "right", cell: (row) => latency(row.p99Ms) },
  { title: "TCP_CONN", align: "right", cell: ({ tcpConnections }) => count(tcpConnections) },
  { title: "DENIED", align: "right", cell: ({ denied }) => count(denied) },
];

const namespaceColumn: TableColumn<StatRow> = {
  title: "NAMESPACE",
  cell: ({ namespace }) => namespace,
};
const sourceColumn: TableColumn<StatRow> = { title: "FROM", cell: ({ source }) => source };

export interface StatTableOptions {
  readonly withNamespace: boolean;
  readonly withSource: boolean;
  /** MESHED and TCP_CONN; default true. */
  readonly withMesh?: boolean;
}

const meshColumns: readonly string[] = ["MESHED", "TCP_CONN"];

export function formatStat(rows: readonly StatRow[], options: StatTableOptions): string {
  return formatTable(
    [
      ...(options.withNamespace ? [namespaceColumn] : []),
      ...(options.withSource ? [sourceColumn] : []),
      ...columns.filter(({ title }) => options.withMesh !== false || !meshColumns.includes(title)),
    ],
    rows,
  );
}

const count = (number: number): string => (number === 0 ? "-" : `${number}`);

function meshedCell({ meshed, workloads }: StatRow): string {
  return meshed === undefined ? "-" : `${meshed}/${workloads}`;
}

/** Requests that policy refused say nothing of how the service does. */
function successRate({ requests, failures, denied }: StatRow): number | undefined {
  const served = requests - denied;
  return served <= 0 ? undefined : (served - failures) / served;
}

function successCell(row: StatRow): string {
  const rate = successRate(row);
  return rate === undefined ? "-" : `${(100 * rate).toFixed(2)}%`;
}

function latency(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 10 ? `${ms.toFixed(1)}ms` : `${Math.round(ms)}ms`;
}
