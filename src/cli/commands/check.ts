import { Option } from "commander";
import type { ControlFacts } from "#control/debug-routes.ts";
import { connectApi } from "../api/api-client.ts";
import { fetchProxies } from "../api/mesh-views.ts";
import { checkControlPlane, checkIdentity } from "../check/check-control-plane.ts";
import { checkApplications, checkProxies } from "../check/check-proxies.ts";
import { checkResources } from "../check/check-resources.ts";
import type { Category, Finding } from "../check/finding.ts";
import { listeningSockets } from "../check/listening-sockets.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import type { Environment } from "../environment.ts";
import { printable } from "../output/printable.ts";
import { readDuration } from "../read-duration.ts";

interface Flags {
  readonly output: "text" | "short" | "json";
  readonly failOn: "error" | "warning";
  readonly wait?: string;
  readonly dataDir: string;
}

const examples = `
√ holds, ‼ should be looked at, × is wrong. Exit code 2 when anything is ×, or with --fail-on warning also ‼.

Examples:
  weft check
  weft check --wait 30s
  weft check -o json --fail-on warning`;

const marks = { good: "√", warning: "‼", error: "×" } as const;
const retryMs = 500;

export const command: Command = {
  configure(parser, environment) {
    parser
      .addOption(
        new Option("-o, --output <format>", "output format; short leaves out what is good")
          .choices(["text", "short", "json"])
          .default("text"),
      )
      .addOption(
        new Option("--fail-on <verdict>", "the least that makes the exit code 2")
          .choices(["error", "warning"])
          .default("error"),
      )
      .option("--wait <duration>", "try again until all is well, at most so long")
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText("after", examples)
      .action((flags: Flags) => check(flags, environment));
  },
};

async function check(flags: Flags, environment: Environment): Promise<void> {
  const waitMs = flags.wait === undefined ? 0 : readDuration("--wait", flags.wait);
  const deadline = performance.now() + waitMs;
  for (;;) {
    const left = deadline - performance.now();
    const categories = await runChecks(flags.dataDir, environment.version).catch(
      (cause: unknown) => {
        if (left > 0 && cause instanceof CliError && cause.code === "connection") return undefined;
        throw cause;
      },
    );
    const isBad =
      !categories || categories.some(({ findings }) => findings.some(failsOn(flags.failOn)));
    if (!isBad || left <= 0) {
      report(categories ?? [], flags, isBad);
      return;
    }
    await Bun.sleep(Math.min(retryMs, left));
  }
}

async function runChecks(dataDir: string, version: string): Promise<readonly Category[]> {
  const api = connectApi(dataDir);
  const facts = (await api.request("GET", "/weft/v1/info")).body as ControlFacts;
  const proxies = await fetchProxies(api);
  return [
    checkControlPlane(api, facts, version),
    checkIdentity(facts, dataDir, Date.now()),
    checkProxies(proxies, version),
    checkApplications(proxies, listeningSockets()),
    await checkResources(api),
  ];
}

const failsOn =
  (threshold: Flags["failOn"]) =>
  ({ verdict }: Finding): boolean =>
    verdict === "error" || (threshold === "warning" && verdict === "warning");

function report(categories: readonly Category[], flags: Flags, isBad: boolean): void {
  if (isBad) process.exitCode = 2;
  if (flags.output === "json") {
    process.stdout.write(`${JSON.stringify({ ok: !isBad, categories }, undefined, 2)}\n`);
    return;
  }
  for (const category of categories) process.stdout.write(categoryText(category, flags.output));
  process.stdout.write(`Status check results are ${isBad ? marks.error : marks.good}\n`);
}

function categoryText({ name, findings }: Category, output: Flags["output"]): string {
  const shown =
    output === "short" ? findings.filter(({ verdict }) => verdict !== "good") : findings;
  if (shown.length === 0) return "";
  return `${name}\n${"-".repeat(name.length)}\n${shown.map(findingText).join("")}\n`;
}

function findingText({ id, title, verdict, details }: Finding): string {
  const lines = details.map((detail) => `    ${printable(detail)}\n`);
  const hint = verdict === "good" ? "" : `    see docs/reference/checks.md#${id} for hints\n`;
  return `${marks[verdict]} ${title}\n${lines.join("")}${hint}`;
}
