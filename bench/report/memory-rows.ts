// Memory per proxy process, before any load and under it.
import type { TableColumn } from "#cli/output/table.ts";
import type { ArmRow } from "./compare-arms.ts";
import type { BenchResult, IdleMemory } from "./result.ts";

export interface MemoryRow extends IdleMemory {
  readonly loaded: ArmRow["loaded"] | undefined;
}

/** One row per arm that has proxies; loaded is at saturation. */
export function memoryRows({ idle, comparisons }: BenchResult): readonly MemoryRow[] {
  return idle
    .filter(({ proxies }) => proxies > 0)
    .map((each) => {
      const loaded = comparisons
        .find((other) => other.case === each.case && other.regime === "saturation")
        ?.rows.find((row) => row.arm === each.arm)?.loaded;
      return { ...each, loaded };
    });
}

export const memoryColumns: readonly TableColumn<MemoryRow>[] = [
  { title: "ARM", cell: (row) => row.arm },
  { title: "CASE", cell: (row) => row.case },
  megabytes("RSS IDLE", (row) => row.memory.rssMb),
  megabytes("RSS LOADED", (row) => row.loaded?.rssMb.median),
  megabytes("PSS IDLE", (row) => row.memory.pssMb),
  megabytes("PSS LOADED", (row) => row.loaded?.pssMb.median),
  megabytes("RSS OF ITS SUPERVISOR", (row) => row.supervisors.rssMb || undefined),
];

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
