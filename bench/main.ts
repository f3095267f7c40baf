// `npm run bench`: reads the command line, opens a lab, and leaves nothing behind, whatever happens.
import { Command, Option } from "commander";
import type { BenchCommand, Report } from "./commands/bench-command.ts";
import { benchCommands, DEFAULT_COMMAND } from "./commands/command-table.ts";
import { Lab } from "./lab/lab.ts";
import { extendPath } from "./lab/programs.ts";
import { writeReadmeFigures } from "./report/readme-figures.ts";
import { saveResult } from "./report/save.ts";

interface CommonOptions {
  readonly output: "text" | "json";
  readonly readme?: boolean;
}

const START = "npm run bench --";
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function program(): Command {
  const root = new Command("bench")
    .description("What Weft costs, beside direct calls and other proxies")
    .usage("[command] [options]")
    .addHelpText("after", `\nExamples:\n${exampleLines(benchCommands)}`);
  for (const each of benchCommands) {
    const command = root
      .command(each.name, { isDefault: each.name === DEFAULT_COMMAND })
      .description(each.summary)
      .addOption(outputOption())
      .option("--readme", "write the figures into bench/README.md too")
      .addHelpText("after", `\nExamples:\n${exampleLines([each])}`)
      .action((options: CommonOptions) => runCommand(each, options));
    each.options(command);
  }
  return root;
}

const exampleLines = (commands: readonly BenchCommand[]): string =>
  commands
    .flatMap(({ examples }) => examples.map((line) => `  ${START} ${line}`.trimEnd()))
    .join("\n");

const outputOption = (): Option =>
  new Option("-o, --output <format>", "what is printed").choices(["text", "json"]).default("text");

async function runCommand(command: BenchCommand, options: CommonOptions): Promise<void> {
  const report = await inLab((lab) => command.run({ lab, say }, options));
  finish(command.name, options, report);
}

function finish(name: string, { output, readme }: CommonOptions, report: Report): void {
  const now = new Date();
  const { text, json, markdown, failure } = report;
  const file = saveResult(name, { text, json, now });
  if (readme === true) writeReadmeFigures(name, markdown, { now });
  process.stdout.write(output === "json" ? `${JSON.stringify(json)}\n` : text);
  say(`saved ${file}`);
  if (failure === undefined) return;
  say(failure);
  process.exitCode = 1;
}

async function inLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  await using lab = new Lab();
  const interrupt = (): void => lab.interrupt();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(lab);
  } catch (cause) {
    if (lab.signal.aborted) throw lab.signal.reason;
    throw cause;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

extendPath();
try {
  await program().parseAsync(process.argv.slice(2), { from: "user" });
} catch (cause) {
  say(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
}
