import { Option } from "commander";
import { connectApi } from "../api/api-client.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readDuration } from "../read-duration.ts";
import { ensureAccount, requestJoinToken } from "../run/workload-identity.ts";

interface Flags {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly expires: string;
  readonly uses: string;
  readonly output: "text" | "json";
  readonly dataDir: string;
}

const examples = `
The token is a secret: whoever shows it first gets the identity. It is good for so many different keys (--uses) until it
expires; the certificate that it buys is renewed without it.

Examples:
  weft token create -n shop --service-account web
  weft token create -n shop --service-account web --expires 10m --uses 5 > token
  weft run --name web -n shop --token @token --control-plane mesh.example.com:15012 --roots root-cert.pem -- COMMAND`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .command("create")
      .description("Create a join token for one service account.")
      .requiredOption("--service-account <name>", "identity that the token gives")
      .option("-n, --namespace <namespace>", "its namespace", "default")
      .option("--expires <duration>", "10m at least", "1h")
      .option("--uses <n>", "how many workloads may join with it", "1")
      .addOption(
        new Option("-o, --output <format>", "output format")
          .choices(["text", "json"])
          .default("text"),
      )
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText("after", examples)
      .action((flags: Flags) => create(flags));
    parser.addHelpText("after", examples);
  },
};

async function create(flags: Flags): Promise<void> {
  const { namespace, serviceAccount, dataDir, output } = flags;
  const uses = Number(flags.uses);
  if (!Number.isInteger(uses) || uses < 1)
    throw new CliError("usage", `--uses ${flags.uses}: expected a whole number, 1 or more`);
  const expirationSeconds = Math.round(readDuration("--expires", flags.expires) / 1_000);
  const api = connectApi(dataDir);
  const account = { namespace, serviceAccount };
  await ensureAccount(api, account);
  const { token, expiresAt } = await requestJoinToken(api, account, { expirationSeconds, uses });
  if (output === "json") {
    const { xds, trustDomain } = api.announcement;
    const controlPlane = `${xds.host}:${xds.port}`;
    const shown = { token, expiresAt, uses, namespace, serviceAccount, controlPlane, trustDomain };
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  process.stdout.write(`${token}\n`);
  process.stderr.write(`for ${namespace}/${serviceAccount}, ${uses} use(s), until ${expiresAt}\n`);
}
