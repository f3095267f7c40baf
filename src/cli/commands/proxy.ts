import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readConcurrency } from "../run/concurrency-option.ts";
import { readEngine } from "../run/envoy-program.ts";

const examples = `
This is what weft run starts beside each application; by hand it is of use to other supervisors. It reads one line of JSON
from standard input (src/proxy/bootstrap.ts says what is in it) and runs until SIGTERM or the end of that input.

Examples:
  weft proxy --bootstrap - < bootstrap.json
  weft run --name web --port 8080 -- node server.js`;

interface Flags {
  readonly bootstrap: string;
  readonly role: string;
  readonly engine: string;
  readonly concurrency: string;
}

export const command: Command = {
  configure(parser) {
    parser
      .requiredOption("--bootstrap <source>", "where the bootstrap comes from: - is standard input")
      .option("--role <role>", "what the proxy is for; sidecar is the only one today", "sidecar")
      .option("--engine <engine>", "what carries the traffic: weft, or envoy with an agent", "weft")
      .option("--concurrency <n>", "processes that share the traffic, below this one", "1")
      .addHelpText("after", examples)
      .action(async (flags: Flags) => {
        if (flags.bootstrap !== "-")
          throw new CliError(
            "usage",
            `--bootstrap ${flags.bootstrap}: only standard input (-) is read`,
            "it carries secrets, so it is kept off the disk",
          );
        if (flags.role !== "sidecar")
          throw new CliError("usage", `--role ${flags.role}: only sidecar is there today`);
        const workers = readConcurrency(flags.concurrency);
        const isOurs = readEngine(flags.engine) === "weft";
        if (!isOurs && workers > 1)
          throw new CliError(
            "usage",
            "--concurrency is for Weft's own proxy",
            "the bootstrap says how many threads an Envoy has",
          );
        if (workers > 1) await runSeveral(workers);
        else if (isOurs) await runProxy();
        else await runAgent();
      });
  },
  quick: (args) => (args.join(" ") === "--bootstrap -" ? runProxy() : undefined),
};

async function runAgent(): Promise<void> {
  const { runProxyProcess } = await import("../run/run-proxy-process.ts");
  const { startEnvoyAgent } = await import("#proxy/envoy/start-agent.ts");
  await runProxyProcess(startEnvoyAgent);
}

/** Loaded only to be run: help and completion look at every command. */
async function runProxy(): Promise<void> {
  const module = await import("../run/run-proxy.ts");
  await module.runProxy();
}

async function runSeveral(workers: number): Promise<void> {
  const { runWorkers } = await import("../run/run-workers.ts");
  await runWorkers(workers);
}
