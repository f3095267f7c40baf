import { printable } from "./printable.ts";

export interface TableColumn<Row> {
  readonly title: string;
  /** Numbers read best aligned to the right. */
  readonly align?: "right";
  cell(row: Row): string;
}

/** A header line and one line per row, columns three spaces apart, as kubectl and linkerd print theirs. */
export function formatTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) =>
      columns.map((column) => printable(column.cell(row).replaceAll(/\s+/g, " "))),
    ),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => displayWidth(cells[index] ?? ""))),
  );
  const pad = (text: string, index: number) => {
    const room = " ".repeat((widths[index] ?? 0) - displayWidth(text));
    return columns[index]?.align === "right" ? room + text : text + room;
  };
  return lines.map((cells) => `${cells.map(pad).join("   ").trimEnd()}\n`).join("");
}

/** Columns on the screen; colour codes take none. */
const displayWidth = (text: string): number => Bun.stringWidth(text);
