// What a comparison shows of each arm.
import type { TableColumn } from "#cli/output/table.ts";
import type { Metric, Regime } from "../measure/sample.ts";
import { type ArmRow, REFERENCE } from "./compare-arms.ts";
import type { Spread } from "./spread.ts";

export const comparisonColumns = (regime: Regime): readonly TableColumn<ArmRow>[] =>
  regime === "saturation" ? saturationColumns : fixedRateColumns;

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
