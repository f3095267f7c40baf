// The result as a person reads it: in a terminal, and in bench/README.md.
import { formatTable, type TableColumn } from "#cli/output/table.ts";
import type { CaseName } from "../arms/arm.ts";
import { FIXED_RATE, SATURATION_CONNECTIONS } from "../measure/measure-run.ts";
import type { Regime } from "../measure/sample.ts";
import { comparisonColumns } from "./comparison-columns.ts";
import { machineLine } from "./machine.ts";
import { markdownTable } from "./markdown-table.ts";
import { memoryColumns, memoryRows } from "./memory-rows.ts";
import type { BenchResult } from "./result.ts";

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
  const titled = (title: string, table: string): string => `${title}\n${table}`;
  return [`${conditions(result).join("\n")}\n`, ...tables(result, formatTable, titled)].join("\n");
}

/** The same for a page in Markdown. */
export function resultMarkdown(result: BenchResult): string {
  const list = conditions(result).map((line) => `- ${line}\n`);
  const titled = (title: string, table: string): string => `**${title}**\n\n${table}`;
  return [list.join(""), ...tables(result, markdownTable, titled)].join("\n");
}

/** Under which the figures were taken, one line each. */
function conditions(result: BenchResult): readonly string[] {
  const { rounds, seconds, warmUpSeconds } = result.settings;
  const programs = Object.values(result.versions).join("; ");
  return [
    machineLine(result.machine),
    ...(programs === "" ? [] : [programs]),
    `backend: ${result.backend}; ${rounds} rounds of ${seconds} s, warm-up ${warmUpSeconds} s; median [min, max]`,
    ...result.omitted.map(({ arm, reason }) => `left out: ${arm} (${reason})`),
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
  const comparisons = result.comparisons.map(({ case: name, regime, rows }) => {
    const title = `${caseTitles[name]}: ${regimeTitles[regime]}`;
    return titled(title, format(comparisonColumns(regime), rows));
  });
  const memory = memoryRows(result);
  if (memory.length === 0) return comparisons;
  return [
    ...comparisons,
    titled("Memory of one proxy process, in MB (10^6 bytes)", format(memoryColumns, memory)),
  ];
}
