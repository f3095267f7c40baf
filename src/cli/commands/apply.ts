import { Option } from "commander";
import { stringify } from "yaml";
import { type ApiClient, connectApi } from "../api/api-client.ts";
import { applyDocuments, type Outcome } from "../apply/apply-documents.ts";
import { readDocuments } from "../apply/read-documents.ts";
import { type Waited, waitUntilLive } from "../apply/wait-until-live.ts";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { printable } from "../output/printable.ts";

interface Flags {
  readonly filename: readonly string[];
  readonly namespace: string;
  readonly wait?: boolean;
  readonly timeout: string;
  readonly dryRun?: boolean;
  readonly forceConflicts?: boolean;
  readonly output: "text" | "name" | "json" | "yaml";
  readonly dataDir: string;
}

const examples = `
Every document is checked first; when one is refused, nothing is applied. The order of files does not matter.

Examples:
  weft apply -f mesh.yaml
  weft apply --wait -f mesh/
  cat mesh.yaml | weft apply --dry-run -f -

Exit codes: 0 applied (and, with --wait, live), 1 refused or unreachable, 2 a proxy refused it.`;

export const command: Command = {
  configure(parser, environment) {
    parser
      .requiredOption("-f, --filename <path...>", "file, folder, or - for standard input")
      .option("-n, --namespace <namespace>", "for documents that name none", "default")
      .option("--wait", "return when every affected proxy has acknowledged")
      .option("--timeout <seconds>", "longest wait", "30")
      .option("--dry-run", "check everything, write nothing")
      .option("--force-conflicts", "take over fields that others manage")
      .addOption(
        new Option("-o, --output <format>", "output format")
          .choices(["text", "name", "json", "yaml"])
          .default("text"),
      )
      .option("--data-dir <dir>", "data directory of the control plane", environment.dataDir)
      .addHelpText("after", examples)
      .action((flags: Flags) => apply(flags));
  },
};

async function apply(flags: Flags): Promise<void> {
  const timeoutMs = Number(flags.timeout) * 1_000;
  if (!(timeoutMs >= 1_000 && timeoutMs <= 600_000))
    throw new CliError("usage", `--timeout ${flags.timeout}: expected seconds, 1 to 600`);
  const api = connectApi(flags.dataDir);
  const { documents, problems } = await readDocuments(flags.filename);
  if (problems.length > 0) throw refused(problems);
  if (documents.length === 0)
    throw new CliError("failed", "there is no document in what was given");
  const { outcomes, warnings, refusals } = await applyDocuments(api, documents, {
    namespace: flags.namespace,
    forceConflicts: flags.forceConflicts === true,
    dryRun: flags.dryRun === true,
  });
  for (const warning of warnings) process.stderr.write(`Warning: ${printable(warning)}\n`);
  const isStructured = flags.output === "json" || flags.output === "yaml";
  if (!isStructured) printOutcomes(flags, outcomes);
  if (refusals.length > 0) throw refused(refusals, outcomes.length);
  const waited = flags.wait && !flags.dryRun ? await wait(api, outcomes, timeoutMs) : undefined;
  if (isStructured) printAll(flags, outcomes, waited);
  else if (waited && flags.output === "text") printWaited(waited);
}

const wait = (api: ApiClient, outcomes: readonly Outcome[], timeoutMs: number): Promise<Waited> =>
  waitUntilLive(
    api,
    outcomes.map(({ applied }) => applied),
    timeoutMs,
  );

function refused(reasons: readonly string[], applied = 0): CliError {
  const count = reasons.length === 1 ? "one document was refused" : `${reasons.length} refusals`;
  const rest = applied === 0 ? "nothing was applied" : `the other ${applied} were applied`;
  return new CliError("failed", `${count}; ${rest}`, reasons.join("\n  "));
}

function printAll(
  { output }: Flags,
  outcomes: readonly Outcome[],
  waited: Waited | undefined,
): void {
  const value = {
    items: outcomes.map(({ object, word }) => ({ outcome: word, object })),
    ...(waited ? { live: { ...waited.convergence, ms: Math.round(waited.ms) } } : {}),
  };
  const text = output === "json" ? JSON.stringify(value, undefined, 2) : stringify(value).trimEnd();
  process.stdout.write(`${text}\n`);
}

function printOutcomes({ output, dryRun }: Flags, outcomes: readonly Outcome[]): void {
  const suffix = dryRun ? " (dry run)" : "";
  for (const { title, word } of outcomes)
    process.stdout.write(output === "name" ? `${title}\n` : `${title} ${word}${suffix}\n`);
}

function printWaited({ convergence: { acknowledged, affected }, ms }: Waited): void {
  process.stdout.write(
    affected === 0
      ? "no connected proxy is affected\n"
      : `acknowledged by ${acknowledged}/${affected} proxies in ${Math.round(ms)} ms\n`,
  );
}
