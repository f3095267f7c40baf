import type { Command as Parser } from "commander";
import type { Environment } from "./environment.ts";

/**
 * One command, one file in `commands/`, which exports it as `command`. Its name and summary stand in the command table.
 *
 * A failure is thrown as CliError; `main.ts` prints it and turns it into the exit code. A command that passes another
 * program's exit code on sets `process.exitCode`.
 */
export interface Command {
  /**
   * Adds arguments, options, examples (`addHelpText("after", …)`) and an async action to a parser that carries the
   * command's name and summary already.
   */
  configure(parser: Parser, environment: Environment): void;
  /**
   * Optional: runs without the option parser, whose loading costs 9 ms and 2 MB, when the arguments are exactly those
   * that other parts of Weft pass. Returns undefined for any others, having done nothing.
   */
  quick?(args: readonly string[], environment: Environment): Promise<void> | undefined;
}
