import { Option } from "commander";
import { connectApi } from "../api/api-client.ts";
import { fetchStat } from "../api/mesh-views.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { formatStat } from "../output/stat-table.ts";

interface Flags {
  readonly namespace?: string;
  readonly window: string;
  readonly from?: boolean;
  readonly watch?: boolean;
  readonly output: "table" | "json";
  readonly dataDir: string;
}

const refreshMs = 1_000;

export const command: Command = {
  configure(parser, environment) {
    parser
      .option("-n, --namespace <namespace>", "only services of this namespace")
      .option("--window <seconds>", "how far back, 1 to 120", "10")
      .option("--from", "one row per caller")
      .option("-w, --watch", "show it again every second until Ctrl-C")
      .addOption(
        new Option("-o, --output <format>", "output format")
          .choices(["table", "json"])
          .default("table"),
      )
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText(
        "after",
        `
SUCCESS counts answers below 500, and those of gRPC whose status stands for one; requests that a policy refused are in DENIED
instead. Latency is what callers saw. MESHED is how many of the service's workloads have a proxy (or say that they answer mutual
TLS), of how many there are; TCP_CONN are connections whose content is not HTTP, open now.

Examples:
  weft stat
  weft stat -n shop --watch
  weft stat --from --window 60 -o json`,
      )
      .action((flags: Flags) => stat(flags));
  },
};

async function stat(flags: Flags): Promise<void> {
  const window = Number(flags.window);
  if (!(window >= 1 && window <= 120))
    throw new CliError("usage", `--window ${flags.window}: expected seconds, 1 to 120`);
  await show(flags, window);
  while (flags.watch) {
    await Bun.sleep(refreshMs);
    await show(flags, window);
  }
}

async function show(flags: Flags, window: number): Promise<void> {
  const all = await fetchStat(connectApi(flags.dataDir), window, flags.from === true);
  const items = all.filter(
    ({ namespace }) => flags.namespace === undefined || namespace === flags.namespace,
  );
  if (flags.output === "json") {
    process.stdout.write(`${JSON.stringify({ windowSeconds: window, items })}\n`);
    return;
  }
  const clear = flags.watch && process.stdout.isTTY ? "\x1b[H\x1b[2J" : "";
  const table = formatStat(items, {
    withNamespace: flags.namespace === undefined,
    withSource: flags.from === true,
  });
  const empty = `No requests in the last ${window} s.\n`;
  process.stdout.write(clear + (items.length === 0 ? empty : table));
}
