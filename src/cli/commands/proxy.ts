import { systemClock } from "#core/clock.ts";
import type { ProxyEvent } from "#proxy/bootstrap.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { jsonLog } from "../output/json-log.ts";

const examples = `
This is what weft run starts beside each application; by hand it is of use to other supervisors. It reads one line of JSON
from standard input (src/proxy/bootstrap.ts says what is in it) and runs until SIGTERM or the end of that input.

Examples:
  weft proxy --bootstrap - < bootstrap.json
  weft run --name web --port 8080 -- node server.js`;

export const command: Command = {
  configure(parser) {
    parser
      .requiredOption("--bootstrap <source>", "where the bootstrap comes from: - is standard input")
      .option("--role <role>", "what the proxy is for; sidecar is the only one today", "sidecar")
      .addHelpText("after", examples)
      .action(async (flags: { readonly bootstrap: string; readonly role: string }) => {
        if (flags.bootstrap !== "-")
          throw new CliError(
            "usage",
            `--bootstrap ${flags.bootstrap}: only standard input (-) is read`,
            "it carries secrets, so it is kept off the disk",
          );
        if (flags.role !== "sidecar")
          throw new CliError("usage", `--role ${flags.role}: only sidecar is there today`);
        await runProxy();
      });
  },
  quick: (args) => (args.join(" ") === "--bootstrap -" ? runProxy() : undefined),
};

/** Runs a proxy to its end, and then the process. */
export async function runProxy(): Promise<void> {
  const { proxyMain } = await import("#proxy/proxy-main.ts");
  process.on("SIGINT", () => undefined); // the application's
  const code = await proxyMain({
    input: Bun.stdin.stream() as unknown as AsyncIterable<Uint8Array>,
    clock: systemClock,
    random: Math.random,
    log: jsonLog((line) => process.stderr.write(line)),
    say: (event: ProxyEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`),
    onTerminate: (callback) => void process.on("SIGTERM", callback),
    onReopen: (callback) => void process.on("SIGHUP", callback),
  });
  process.exit(code);
}
