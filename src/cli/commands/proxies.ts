import { Option } from "commander";
import type { ProxyView, SyncColumn } from "#control/proxy-view.ts";
import { connectApi } from "../api/api-client.ts";
import { fetchProxies } from "../api/mesh-views.ts";
import type { Command } from "../command.ts";
import { printable } from "../output/printable.ts";
import { formatTable, type TableColumn } from "../output/table.ts";
import { commandToPaste } from "../own-word.ts";

interface Flags {
  readonly namespace?: string;
  readonly output: "table" | "wide" | "json";
  readonly dataDir: string;
}

const syncColumns: readonly SyncColumn[] = ["CDS", "LDS", "EDS", "RDS", "VHDS"];

const columns: readonly TableColumn<ProxyView>[] = [
  { title: "PROXY", cell: ({ name, namespace }) => `${name}.${namespace}` },
  ...syncColumns.map((title) => ({ title, cell: ({ sync }: ProxyView) => sync[title].status })),
  { title: "VERSION", cell: ({ version }) => version },
];

const wideColumns: readonly TableColumn<ProxyView>[] = [
  ...columns,
  { title: "ADMIN", cell: ({ addresses }) => addresses.admin },
  {
    title: "INBOUND",
    cell: ({ addresses }) =>
      addresses.inbound.map(({ workloadPort, address }) => `${workloadPort}=${address}`).join(","),
  },
  {
    title: "SEEN",
    cell: ({ seenProtocols }) =>
      seenProtocols
        .map(({ destination, protocols }) => `${destination}=${protocols.join("+")}`)
        .join(","),
  },
];

export const command: Command = {
  configure(parser, environment) {
    parser
      .option("-n, --namespace <namespace>", "only this namespace")
      .addOption(
        new Option("-o, --output <format>", "output format")
          .choices(["table", "wide", "json"])
          .default("table"),
      )
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText(
        "after",
        `
SYNCED: the proxy runs what it was sent last. STALE: it has not answered yet. ERROR: it refused, and keeps what it had;
the reason is printed below the table. Exit code 2 when any proxy is in ERROR. SEEN, in the wide form: what is spoken
where nobody declared it, as the first bytes told.

Examples:
  weft proxies
  weft proxies -n shop -o json`,
      )
      .action((flags: Flags) => show(flags, environment.dataDir));
  },
};

async function show(flags: Flags, usualDataDir: string): Promise<void> {
  const all = await fetchProxies(connectApi(flags.dataDir));
  const items = all
    .filter(({ namespace }) => flags.namespace === undefined || namespace === flags.namespace)
    .sort((a, b) => `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`));
  const errors = items.flatMap(errorsOf);
  if (errors.length > 0) process.exitCode = 2;
  if (flags.output === "json") {
    process.stdout.write(`${JSON.stringify({ items }, undefined, 2)}\n`);
    return;
  }
  if (items.length === 0) {
    const run = commandToPaste("run", flags.dataDir, usualDataDir);
    process.stderr.write(`No proxy is connected. Start one: ${run} --name web -- COMMAND\n`);
    return;
  }
  process.stdout.write(formatTable(flags.output === "wide" ? wideColumns : columns, items));
  for (const error of errors) process.stdout.write(`\n${printable(error)}\n`);
}

function errorsOf({ name, namespace, sync }: ProxyView): readonly string[] {
  return syncColumns.flatMap((column) => {
    const { error } = sync[column];
    return error === undefined ? [] : [`${name}.${namespace} refused ${column}: ${error}`];
  });
}
