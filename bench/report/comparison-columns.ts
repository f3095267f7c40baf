// What a comparison shows of each arm.
import type { TableColumn } from "#cli/output/table.ts";
import { benchCases } from "../compare/cases.ts";
import type { Metric } from "../measure/sample.ts";
import type { ArmRow, Comparison, Reference } from "./compare-arms.ts";
import type { Spread } from "./spread.ts";

export function comparisonColumns({
  case: name,
  regime,
}: Comparison): readonly TableColumn<ArmRow>[] {
  if (regime === "idle") return idleColumns;
  if (regime !== "saturation") return fixedRateColumns;
  const { client } = benchCases[name];
  if (client === "handshakes") return saturationColumns("HANDSHAKE", percentiles);
  return saturationColumns("REQUEST", client === "http2" || client === "grpc" ? mean : percentiles);
}

const arm: TableColumn<ArmRow> = { title: "ARM", cell: (row) => row.arm };
const failures: TableColumn<ArmRow> = {
  title: "FAILED",
  align: "right",
  cell: (row) => `${row.failures}`,
};
const percentiles = [
  value("P50 ms", "p50Us", milliseconds),
  value("P99 ms", "p99Us", milliseconds),
];
const mean = [value("MEAN ms", "meanUs", milliseconds)];

const saturationColumns = (
  unit: string,
  latencies: readonly TableColumn<ArmRow>[],
): readonly TableColumn<ArmRow>[] => [
  arm,
  value(`${unit}S/S`, "requestsPerSecond", (perSecond) => perSecond.toFixed(0)),
  value(`CPU µs/${unit}`, "cpuUsPerRequest", (us) => us.toFixed(1)),
  ratio("CPU", "cpuUsPerRequest", "haproxy"),
  ratio("CPU", "cpuUsPerRequest", "envoy"),
  ...latencies,
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
  ratio("P50", "p50Us", "haproxy"),
  value("P90 ms", "p90Us", milliseconds),
  ratio("P90", "p90Us", "haproxy"),
  value("P99 ms", "p99Us", milliseconds),
  value("P99.9 ms", "p999Us", milliseconds),
  value("P50 OVER DIRECT", "overDirectP50Us", milliseconds),
  ratio("IT", "overDirectP50Us", "haproxy"),
  value("vCPU", "vcpus", (vcpus) => vcpus.toFixed(3)),
  ratio("vCPU", "vcpus", "haproxy"),
  ratio("vCPU", "vcpus", "envoy"),
  failures,
];

const idleColumns: readonly TableColumn<ArmRow>[] = [
  arm,
  value("RSS KB/CONNECTION", "idleRssKb", (kb) => kb.toFixed(1)),
  value("PSS", "idlePssKb", (kb) => kb.toFixed(1)),
  value("PRIVATE", "idlePrivateKb", (kb) => kb.toFixed(1)),
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

function ratio(title: string, metric: Metric, to: Reference): TableColumn<ArmRow> {
  return {
    title: `${title} ÷ ${to}`,
    align: "right",
    cell: ({ figures }) => spreadText(figures[metric]?.ratios[to], (times) => times.toFixed(2)),
  };
}

export function spreadText(spread: Spread | undefined, format: (value: number) => string): string {
  if (!spread) return "–";
  if (spread.min === spread.max) return format(spread.median);
  return `${format(spread.median)} [${format(spread.min)}, ${format(spread.max)}]`;
}

export function milliseconds(us: number): string {
  return (us / 1_000).toFixed(us < 10_000 ? 3 : 1);
}
