import type { Command as Parser } from "commander";
import { commandTable, findCommand } from "../command-table.ts";
import type { Environment } from "../environment.ts";
import { loadCommand, parserOf } from "../run-command.ts";

/**
 * The words that may stand where the last of `typed` stands. Nothing for a value that only the shell can complete, such
 * as a file name.
 */
export async function completionWords(
  typed: readonly string[],
  environment: Environment,
): Promise<readonly string[]> {
  const last = typed.at(-1) ?? "";
  const [name, ...rest] = typed.slice(0, -1);
  const candidates =
    name === undefined
      ? commandTable.map((entry) => entry.name)
      : await wordsOfCommand(name, rest, last, environment);
  return candidates.filter((word) => word.startsWith(last)).sort();
}

async function wordsOfCommand(
  name: string,
  before: readonly string[],
  last: string,
  environment: Environment,
): Promise<readonly string[]> {
  const entry = findCommand(name);
  if (entry === undefined || before.includes("--")) return [];
  let parser = await parserOf(entry, await loadCommand(entry), environment);
  for (const word of before)
    parser = parser.commands.find((child) => child.name() === word) ?? parser;
  const typedOption = before.at(-1);
  const pending = parser.options.find(
    ({ short, long }) =>
      typedOption !== undefined && (short === typedOption || long === typedOption),
  );
  if (pending && (pending.required || pending.optional)) return pending.argChoices ?? [];
  return last.startsWith("-") ? flagsOf(parser) : wordsOf(parser);
}

function flagsOf(parser: Parser): readonly string[] {
  const flags = parser.options.filter((option) => !option.hidden).map((option) => option.long);
  return [...flags, "--help"].filter((flag) => flag !== undefined && flag !== null);
}

function wordsOf(parser: Parser): readonly string[] {
  const children = parser.createHelp().visibleCommands(parser);
  const names = children.map((child) => child.name()).filter((name) => name !== "help");
  const choices = parser.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  return [...names, ...choices];
}
