// The result as a person reads it in a terminal, and as it stands in bench/README.md.
import { formatTable, type TableColumn } from "#cli/output/table.ts";
import type { CaseName } from "../arms/arm.ts";
import { FIXED_RATE, SATURATION_CONNECTIONS } from "../measure/measure-run.ts";
import type { Metric, Regime } from "../measure/sample.ts";
import { type ArmRow, type Comparison, REFERENCE } from "./compare-arms.ts";
import { machineLine } from "./machine.ts";
import type { BenchResult } from "./result.ts";
import type { Spread } from "./spread.ts";

const caseTitles: Record<CaseName, string> = {
  "one-hop": "One hop, plaintext",
  pair: "Two hops, mutual TLS between",
};

const regimeTitles: Record<Regime, string> = {
  saturation: `as much as it can take, ${SATURATION_CONNECTIONS} connections`,
  "fixed-rate": `${FIXED_RATE.rate} requests/s, open loop, ${FIXED_RATE.connections} connections`,
};

/** Ends with a line break. */
export function resultText(result: BenchResult): string {
  const { rounds, seconds, warmUpSeconds } = result.settings;
  const head = [
    machineLine(result.machine),
    Object.entries(result.versions)
      .map(([program, version]) => `${program}: ${version}`)
      .join("; "),
    `backend: ${result.backend}; ${rounds} rounds of ${seconds} s, warm-up ${warmUpSeconds} s; median [min, max]`,
    ...result.omitted.map(({ arm, reason }) => `left out: ${arm} (${reason})`),
    ...pauseLine(result),
  ];
  const tables = result.comparisons.map((comparison) => comparisonText(comparison));
  return [`${head.join("\n")}\n`, ...tables, memoryText(result)].join("\n");
}

function pauseLine({ pauseCheck }: BenchResult): readonly string[] {
  if (!pauseCheck) return [];
  const slowest = (pauseCheck.maxUs / 1_000).toFixed(0);
  return [
    `open-loop generator: a server that stood still for 100 ms showed as ${slowest} ms, and ${pauseCheck.over50Ms} requests over 50 ms`,
  ];
}

function comparisonText({ case: name, regime, rows }: Comparison): string {
  const columns = regime === "saturation" ? saturationColumns : fixedRateColumns;
  return `${caseTitles[name]}: ${regimeTitles[regime]}\n${formatTable(columns, rows)}`;
}

const arm: TableColumn<ArmRow> = { title: "ARM", cell: (row) => row.arm };
const failures: TableColumn<ArmRow> = {
  title: "FAILED",
  align: "right",
  cell: (row) => `${row.failures}`,
};

const saturationColumns: readonly TableColumn<ArmRow>[] = [
  arm,
  value("REQUESTS/S", "requestsPerSecond", (perSecond) => perSecond.toFixed(0)),
  ratio("REQUESTS/S", "requestsPerSecond"),
  value("CPU µs/REQUEST", "cpuUsPerRequest", (us) => us.toFixed(1)),
  ratio("CPU", "cpuUsPerRequest"),
  value("P50 ms", "p50Us", milliseconds),
  value("P99 ms", "p99Us", milliseconds),
  {
    title: "LOG B/REQUEST",
    align: "right",
    cell: (row) => row.logBytesPerRequest.toFixed(0),
  },
  failures,
];

const fixedRateColumns: readonly TableColumn<ArmRow>[] = [
  arm,
  value("P50 ms", "p50Us", milliseconds),
  value("P90 ms", "p90Us", milliseconds),
  value("P99 ms", "p99Us", milliseconds),
  value("P50 OVER DIRECT", "overDirectP50Us", milliseconds),
  ratio("IT", "overDirectP50Us"),
  value("P99 OVER DIRECT", "overDirectP99Us", milliseconds),
  ratio("IT", "overDirectP99Us"),
  value("vCPU", "vcpus", (vcpus) => vcpus.toFixed(3)),
  ratio("vCPU", "vcpus"),
  failures,
];

function value(
  title: string,
  metric: Metric,
  format: (value: number) => string,
): TableColumn<ArmRow> {
  return {
    title,
    align: "right",
    cell: ({ figures }) => spreadText(figures[metric]?.value, format),
  };
}

function ratio(title: string, metric: Metric): TableColumn<ArmRow> {
  return {
    title: `${title} ÷ ${REFERENCE}`,
    align: "right",
    cell: ({ figures }) => spreadText(figures[metric]?.ratio, (times) => times.toFixed(2)),
  };
}

function spreadText(spread: Spread | undefined, format: (value: number) => string): string {
  if (!spread) return "–";
  return `${format(spread.median)} [${format(spread.min)}, ${format(spread.max)}]`;
}

function milliseconds(us: number): string {
  return (us / 1_000).toFixed(us < 10_000 ? 3 : 1);
}

function memoryText({ idle, comparisons }: BenchResult): string {
  const rows = idle
    .filter(({ proxies }) => proxies > 0)
    .map((each) => {
      const loaded = comparisons
        .find((other) => other.case === each.case && other.regime === "saturation")
        ?.rows.find((row) => row.arm === each.arm)?.loaded;
      return { ...each, loaded };
    });
  if (rows.length === 0) return "";
  const megabytes = (total: number | undefined, { proxies }: { readonly proxies: number }) =>
    total === undefined ? "–" : (total / proxies).toFixed(1);
  const table = formatTable(
    [
      { title: "ARM", cell: (row) => row.arm },
      { title: "CASE", cell: (row) => row.case },
      { title: "RSS IDLE", align: "right", cell: (row) => megabytes(row.memory.rssMb, row) },
      { title: "LOADED", align: "right", cell: (row) => megabytes(row.loaded?.rssMb.median, row) },
      { title: "PSS IDLE", align: "right", cell: (row) => megabytes(row.memory.pssMb, row) },
      { title: "LOADED", align: "right", cell: (row) => megabytes(row.loaded?.pssMb.median, row) },
      {
        title: "RSS OF ITS SUPERVISOR",
        align: "right",
        cell: (row) => megabytes(row.supervisors.rssMb, row),
      },
    ],
    rows,
  );
  return `Memory in MB per proxy process (sum of an arm's proxies, divided by their number)\n${table}`;
}
