import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readEngine } from "../run/envoy-program.ts";
import { runProxy, runProxyProcess } from "../run/run-proxy.ts";

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
}

export const command: Command = {
  configure(parser) {
    parser
      .requiredOption("--bootstrap <source>", "where the bootstrap comes from: - is standard input")
      .option("--role <role>", "what the proxy is for; sidecar is the only one today", "sidecar")
      .option("--engine <engine>", "what carries the traffic: weft, or envoy with an agent", "weft")
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
        if (readEngine(flags.engine) === "weft") await runProxy();
        else await runAgent();
      });
  },
  quick: (args) => (args.join(" ") === "--bootstrap -" ? runProxy() : undefined),
};

async function runAgent(): Promise<void> {
  const { startEnvoyAgent } = await import("#proxy/envoy/start-agent.ts");
  await runProxyProcess(startEnvoyAgent);
}
