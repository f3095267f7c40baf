// Memory per proxy process: before any load, under it, and after a rest.
import type { TableColumn } from "#cli/output/table.ts";
import { instanceKey } from "../compare/cases.ts";
import type { Memory } from "../measure/memory.ts";
import type { ArmRow } from "./compare-arms.ts";
import type { ArmMemory, BenchResult } from "./result.ts";

export interface MemoryRow extends ArmMemory {
  readonly loaded: ArmRow["loaded"] | undefined;
}

/** One row per arm and setup that has proxies; loaded is at saturation with requests of 1 KB, or else at a fixed rate. */
export function memoryRows({ memory, comparisons }: BenchResult): readonly MemoryRow[] {
  return memory
    .filter(({ proxies }) => proxies > 0)
    .map((each) => {
      const own = comparisons.filter((other) => instanceKey(other.case) === each.setup);
      const loaded = (["saturation", "fixed-rate"] as const)
        .flatMap((regime) => own.filter((other) => other.regime === regime))
        .flatMap(({ rows }) => rows)
        .find((row) => row.arm === each.arm)?.loaded;
      return { ...each, loaded };
    });
}

export const memoryColumns: readonly TableColumn<MemoryRow>[] = [
  { title: "ARM", cell: (row) => row.arm },
  { title: "SETUP", cell: (row) => row.setup },
  ...columnsOf("RSS", "rssMb"),
  ...columnsOf("PSS", "pssMb"),
  ...columnsOf("PRIVATE", "privateMb"),
  megabytes("SUPERVISOR RSS", (row) => row.idle?.supervisors.rssMb || undefined),
  megabytes("ITS PRIVATE", (row) => row.idle?.supervisors.privateMb || undefined),
];

function columnsOf(title: string, field: keyof Memory): readonly TableColumn<MemoryRow>[] {
  return [
    megabytes(`${title} IDLE`, (row) => row.idle?.proxies[field]),
    megabytes("LOADED", (row) => row.loaded?.[field].median),
    megabytes("AFTER", (row) => row.settled?.proxies[field]),
  ];
}

/** The arm's sum, divided by the number of its proxies. */
function megabytes(
  title: string,
  total: (row: MemoryRow) => number | undefined,
): TableColumn<MemoryRow> {
  const cell = (row: MemoryRow): string => {
    const sum = total(row);
    return sum === undefined ? "–" : (sum / row.proxies).toFixed(1);
  };
  return { title, align: "right", cell };
}
