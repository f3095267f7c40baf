import { isIP } from "node:net";
import { Option } from "commander";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import {
  readServeFlags,
  type ServeFlags,
  serveControlPlane,
} from "../serve/serve-control-plane.ts";

interface Flags extends ServeFlags {
  readonly host: string;
}

const examples = `
Proxies on other hosts join with a token (weft token create) at port 15012. The API's certificate and the xDS port's carry
the names that --name gives; the roots are in the data directory, ca/root-cert.pem.

Examples:
  weft control-plane --host 0.0.0.0 --name mesh.example.com
  weft control-plane --ca-files /etc/weft/ca`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .option("--host <ip>", "address to listen on", "127.0.0.1")
      .option("--name <name...>", "further names or addresses that clients use")
      .option("--data-dir <dir>", "where state lives", environment.dataDir)
      .option("--port <port>", "API port; 0: any free port, for xDS and metrics too", "7070")
      .option("--xds-port <port>", "xDS and CA over TLS", "15012")
      .option("--metrics-port <port>", "metrics and debug, on loopback", "15014")
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
      .action((flags: Flags) => {
        if (isIP(flags.host) === 0)
          throw new CliError("usage", `--host ${flags.host}: expected an IP address of this host`);
        return serveControlPlane({ ...readServeFlags(flags), host: flags.host }, environment);
      });
  },
};
