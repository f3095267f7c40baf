import type { Command } from "../command.ts";
import {
  addServeOptions,
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
    addServeOptions(parser, environment)
      .addHelpText("after", examples)
      .action((flags: ServeFlags) =>
        serveControlPlane({ ...readServeFlags(flags), host: "127.0.0.1" }, environment),
      );
  },
};
