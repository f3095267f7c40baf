// The result as a person reads it: in a terminal, and in bench/README.md.
import { formatTable, type TableColumn } from "#cli/output/table.ts";
import {
  benchCases,
  FIXED_RATE,
  fixedRateConnections,
  HANDSHAKES_AT_ONCE,
  HTTP2_LOAD,
  IDLE_CONNECTIONS,
  SATURATION_CONNECTIONS,
} from "../compare/cases.ts";
import { durationText } from "../compare/progress.ts";
import type { Comparison } from "./compare-arms.ts";
import { comparisonColumns } from "./comparison-columns.ts";
import { goalColumns, goalRows } from "./goals.ts";
import { machineLine } from "./machine.ts";
import { markdownTable } from "./markdown-table.ts";
import { memoryColumns, memoryRows } from "./memory-rows.ts";
import type { BenchResult } from "./result.ts";

/** Ends with a line break. */
export function resultText(result: BenchResult): string {
  const titled = (title: string, table: string): string => `${title}\n${table}`;
  return [
    `${conditions(result).join("\n")}\n`,
    ...tables(result, formatTable, titled),
    titled(GOALS, formatTable(goalColumns, goalRows(result))),
  ].join("\n");
}

/** The same for a page in Markdown, the goals first. */
export function resultMarkdown(result: BenchResult): string {
  const list = conditions(result).map((line) => `- ${line}\n`);
  const titled = (title: string, table: string): string => `**${title}**\n\n${table}`;
  return [
    list.join(""),
    titled(GOALS, markdownTable(goalColumns, goalRows(result))),
    ...tables(result, markdownTable, titled),
  ].join("\n");
}

const GOALS = "Goals of the data plane";

/** Under which the figures were taken, one line each. */
function conditions(result: BenchResult): readonly string[] {
  const { rounds, seconds, warmUpSeconds, settleSeconds } = result.settings;
  const programs = Object.values(result.versions).join("; ");
  return [
    machineLine(result.machine),
    ...(programs === "" ? [] : [programs]),
    `backend: ${result.backend}; up to ${rounds} rounds of ${seconds} s, warm-up ${warmUpSeconds} s, ` +
      `rest ${settleSeconds} s; median [min, max]; took ${durationText(result.tookSeconds)}`,
    ...result.omitted.map(({ arm, reason }) => `left out: ${arm} (${reason})`),
    ...result.broken.map((each) => `BROKEN: ${each.arm}, ${each.case}: ${each.reason}`),
    ...pauseLine(result),
  ];
}

function pauseLine({ pauseCheck }: BenchResult): readonly string[] {
  if (!pauseCheck) return [];
  const slowest = (pauseCheck.maxUs / 1_000).toFixed(0);
  return [
    `open-loop generator: a server that stood still for 100 ms showed as ${slowest} ms, and ${pauseCheck.over50Ms} requests over 50 ms`,
  ];
}

type FormatTable = <Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]) => string;

function tables(
  result: BenchResult,
  format: FormatTable,
  titled: (title: string, table: string) => string,
): readonly string[] {
  const comparisons = result.comparisons.map((comparison) =>
    titled(titleOf(comparison), format(comparisonColumns(comparison), comparison.rows)),
  );
  const memory = memoryRows(result);
  if (memory.length === 0) return comparisons;
  return [
    ...comparisons,
    titled("Memory of one proxy process, in MB (10^6 bytes)", format(memoryColumns, memory)),
  ];
}

function titleOf({ case: name, regime }: Comparison): string {
  const { title } = benchCases[name];
  return `${name}. ${title}: ${loadText({ case: name, regime })}`;
}

function loadText({ case: name, regime }: Pick<Comparison, "case" | "regime">): string {
  const { client } = benchCases[name];
  if (regime === "idle") return `${IDLE_CONNECTIONS} connections`;
  const connections = fixedRateConnections[regime];
  if (connections !== undefined)
    return `${FIXED_RATE} requests/s, open loop, ${connections} connection${connections === 1 ? "" : "s"}`;
  if (client === "handshakes") return `${HANDSHAKES_AT_ONCE} at a time`;
  if (client === "http2" || client === "grpc")
    return `as much as it can take, ${HTTP2_LOAD.connections} connections with ${HTTP2_LOAD.streamsPerConnection} streams each`;
  return `as much as it can take, ${SATURATION_CONNECTIONS} connections`;
}
