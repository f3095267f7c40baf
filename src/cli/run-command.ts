// Finds the command that was asked for and runs it. A command's file is loaded only when it is the one.
import type { Command as Parser } from "commander";
import { CliError } from "./cli-error.ts";
import { closestName } from "./closest-name.ts";
import type { Command } from "./command.ts";
import { type CommandEntry, commandTable, findCommand } from "./command-table.ts";
import type { Environment } from "./environment.ts";
import { helpText } from "./help-text.ts";

/** Runs one command line to its end. Throws CliError. */
export async function runCommand(args: readonly string[], environment: Environment): Promise<void> {
  const [name = "help", ...rest] = args;
  if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    process.stdout.write(helpText());
    return;
  }
  if (name === "help") return runCommand([...rest, "--help"], environment);
  if (name === "--version" || name === "-V") return runCommand(["version"], environment);
  const entry = findCommand(name);
  if (entry === undefined) throw unknownCommand(name);
  const command = await loadCommand(entry);
  const quick = command.quick?.(rest, environment);
  if (quick !== undefined) return quick;
  const parser = await parserOf(entry, command, environment);
  await parse(parser, rest);
}

/** The parser of a command, ready to parse or to be looked at. */
export async function parserOf(
  entry: CommandEntry,
  command: Command,
  environment: Environment,
): Promise<Parser> {
  const { Command: CommandParser } = await import("commander");
  const parser = new CommandParser(`weft ${entry.name}`).description(`${entry.summary}.`);
  command.configure(parser, environment);
  throwInsteadOfExit(parser);
  return parser;
}

export async function loadCommand(entry: CommandEntry): Promise<Command> {
  const module: { readonly command: Command } = await import(`./commands/${entry.name}.ts`);
  return module.command;
}

function unknownCommand(name: string): CliError {
  const names = commandTable.map((entry) => entry.name);
  const meant = name.startsWith("-") ? undefined : closestName(name, names);
  const what = name.startsWith("-") ? "option" : "command";
  const hint =
    meant === undefined ? "weft --help lists the commands" : `did you mean: weft ${meant}`;
  return new CliError("usage", `unknown ${what} "${name}"`, hint);
}

/** Sub-commands do not inherit these settings when they were added before. */
function throwInsteadOfExit(parser: Parser): void {
  parser.exitOverride().configureOutput({ writeErr: () => undefined });
  parser.showSuggestionAfterError(true);
  for (const child of parser.commands) throwInsteadOfExit(child);
}

async function parse(parser: Parser, args: readonly string[]): Promise<void> {
  try {
    await parser.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!isParserError(error)) throw error;
    if (error.code === "commander.help") {
      throw new CliError("usage", "an argument is missing", `${parser.name()} --help shows them`);
    }
    if (error.exitCode === 0) return; // help was printed
    const message = error.message.replace(/^error: /, "");
    throw new CliError("usage", message, `${parser.name()} --help shows what there is`);
  }
}

/** By shape: the class itself would have to be loaded with the parser. */
function isParserError(error: unknown): error is Error & { code: string; exitCode: number } {
  if (!(error instanceof Error) || !("code" in error) || !("exitCode" in error)) return false;
  return typeof error.code === "string" && error.code.startsWith("commander.");
}
