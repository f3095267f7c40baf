import { Option } from "commander";
import type { Command } from "../command.ts";
import {
  readServeFlags,
  type ServeFlags,
  serveControlPlane,
} from "../serve/serve-control-plane.ts";

const examples = `
For this machine and this user: everything listens on loopback. weft run, apply, get and the others find it by its data
directory. Ctrl-C stops it; the proxies go on with what they have.

Examples:
  weft dev
  weft dev --data-dir /tmp/mesh --port 0 -o json`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .option("--data-dir <dir>", "where state lives", environment.dataDir)
      .option("--port <port>", "API port; 0: any free port, for xDS and metrics too", "7070")
      .option("--trust-domain <domain>", "trust domain of identities", "cluster.local")
      .option(
        "--ca-files <dir>",
        "folder with root-cert.pem, ca-cert.pem, ca-key.pem, cert-chain.pem",
      )
      .addOption(
        new Option("-o, --output <format>", "how readiness is printed")
          .choices(["text", "json"])
          .default("text"),
      )
      .addHelpText("after", examples)
      .action((flags: ServeFlags) =>
        serveControlPlane({ ...readServeFlags(flags), host: "127.0.0.1" }, environment),
      );
  },
};
