import { isIP } from "node:net";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import {
  addServeOptions,
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
    addServeOptions(parser, environment)
      .option("--host <ip>", "address to listen on", "127.0.0.1")
      .option("--name <name...>", "further names or addresses that clients use")
      .option("--xds-port <port>", "xDS and CA over TLS (default: 15012)")
      .option("--metrics-port <port>", "metrics and debug, on loopback (default: 15014)")
      .addHelpText("after", examples)
      .action((flags: Flags) => {
        if (isIP(flags.host) === 0)
          throw new CliError("usage", `--host ${flags.host}: expected an IP address of this host`);
        return serveControlPlane({ ...readServeFlags(flags), host: flags.host }, environment);
      });
  },
};
