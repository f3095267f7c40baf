import { type CommandEntry, commandTable } from "./command-table.ts";

/** What `weft --help` prints. */
export function helpText(): string {
  const width = Math.max(...commandTable.map((entry) => entry.name.length)) + 3;
  const lines = [
    "Weft: a service mesh on your own machine.",
    "",
    "Usage: weft COMMAND [OPTIONS]",
    "",
  ];
  for (const [group, entries] of Object.entries(byGroup())) {
    lines.push(`${group}:`);
    for (const { name, summary } of entries) lines.push(`  ${name.padEnd(width)}${summary}`);
    lines.push("");
  }
  lines.push("weft COMMAND --help shows a command's options and examples.");
  lines.push("Exit codes: 0 good, 1 usage or connection, 2 findings.");
  return `${lines.join("\n")}\n`;
}

function byGroup(): Record<string, readonly CommandEntry[]> {
  return Object.groupBy(commandTable, (entry) => entry.group) as Record<string, CommandEntry[]>;
}
